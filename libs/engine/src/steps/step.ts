import type { DeploymentEvent, Failure } from '@tagship/domain'
import type { Claim, Job, Ports, StateChange } from '../ports.ts'

/** What a step is given: the world, the deployment under its lease, and a signal that ends waiting. */
export interface StepContext {
  readonly ports: Ports
  readonly claim: Claim
  readonly signal: AbortSignal
}

/** What a step found: an event of the machine, or that it has to be looked at again. */
export type Outcome =
  | ({ readonly kind: 'event'; readonly event: DeploymentEvent } & Effects)
  /** Nothing to do until somebody enqueues the deployment, or until `delayMs` have passed. */
  | { readonly kind: 'wait'; readonly delayMs: number | null }

export type Effects = Partial<
  Pick<StateChange, 'actor' | 'reason' | 'detail' | 'slot' | 'serves' | 'retires'>
> & { readonly failure?: Failure; readonly jobs?: readonly Job[] }

/** Observe → return if done → act → read back. Safe to run again from the start after a crash on any line. */
export type Step = (context: StepContext) => Promise<Outcome>

export function happened(event: DeploymentEvent, effects: Effects = {}): Outcome {
  return { kind: 'event', event, ...effects }
}

export function waitFor(delayMs: number | null): Outcome {
  return { kind: 'wait', delayMs }
}
