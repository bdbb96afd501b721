/** One cell of the table: a fault that strikes in one state, and what has to come of it. */
import type { DeploymentState } from '@tagship/domain'
import type { ProberReport } from '@tagship/prober'
import type { World } from './world.ts'

export interface Cell {
  /** The row: `controller killed`. Cells of one fault stand together. */
  readonly fault: string
  /** The column: where it strikes, as `deploy: switching, before the act`. */
  readonly at: string
  /** Whether Postgres and Redis are the installation's own, or servers that are given to it and can be cut off. */
  readonly servers: 'own' | 'given'
  /** A fault that nobody can make good: that it is found proves that the checks see. */
  readonly control?: true
  /**
   * Engine and router are spared: no build and no move of the traffic may be done twice, as they have seen it
   * themselves.
   */
  readonly once?: true
  /** Part of `npm test`. */
  readonly representative?: true
  /** Does the damage, ends it, and says what has to come of it. The runner then waits for that. */
  strike(world: World): Promise<Expected>
  /**
   * What is wrong with the traffic; default: every request that failed. Only for faults that end the very
   * process which serves a request.
   */
  readonly judge?: (traffic: ProberReport) => string[]
}

export interface Expected {
  /** The version that answers in the end. */
  readonly serves: string
  /** What has become of the newest deployment; default `live`. */
  readonly state?: DeploymentState
  /** The code of its failure. */
  readonly failure?: string
  /** When the fault was over; what was needed since then is the time to recover. Default: when `strike` returns. */
  readonly mendedAt?: number
  /** How long that may take, in milliseconds; default 30 s. */
  readonly withinMs?: number
}

export interface Outcome {
  readonly fault: string
  readonly at: string
  readonly control: boolean
  /** Empty: all is as it has to be. */
  readonly wrong: readonly string[]
  readonly requests: number
  readonly failed: number
  /** The longest time without any right answer. */
  readonly longestGapMs: number
  /** From the end of the fault until the deployment had reached its outcome. */
  readonly recoveryMs: number | null
  readonly tookMs: number
  /** When it was over; RFC 3339. */
  readonly playedAt: string
}

/** A control has to be found wrong, everything else must not. */
export function isRight({ control, wrong }: Outcome): boolean {
  return control === wrong.length > 0
}

export function nameOf({ fault, at }: Pick<Cell, 'fault' | 'at'>): string {
  return `${fault} · ${at}`
}
