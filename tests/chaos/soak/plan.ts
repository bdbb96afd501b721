/** What is done to whom, and when something breaks: all of it follows from the seed, none of it from what happens. */
import { createRandom } from './random.ts'

const actions = {
  /** A good version, followed until it serves. */
  deploy: 8,
  /** A version that cannot become live. */
  broken: 3,
  /** A good version, canceled after `delayMs`. */
  cancel: 3,
  /** A good version that waits for a person. */
  promote: 2,
  /** A good version, taken back as soon as it takes traffic. */
  revert: 3,
  /** Back to what was live before. */
  rollback: 3,
  /** A good version that comes while the app is on hold. */
  hold: 2,
} as const satisfies Record<string, number>

const defects = { crash: 2, build: 2, unhealthy: 1 } as const satisfies Record<string, number>

const faults = {
  'controller killed': 5,
  'controller killed at a point': 5,
  'controller told to stop': 2,
  'Redis emptied': 2,
  'Redis killed': 2,
  'Postgres killed': 3,
  'engine restarted': 2,
  'engine killed': 1,
  'router killed': 1,
  'instance killed': 2,
} as const satisfies Record<string, number>

export type Action = keyof typeof actions
export type Defect = keyof typeof defects
export type FaultName = keyof typeof faults

export interface Step {
  readonly action: Action
  readonly defect: Defect
  readonly delayMs: number
}

export interface Fault {
  readonly name: FaultName
  /** Since the last one was over. */
  readonly pauseMs: number
  /** Whose instance, and which of them. */
  readonly app: string
  readonly replica: number
  /** Where the controller ends itself. */
  readonly point: string
}

const points = [
  'building.claimed',
  'build.claimed',
  'build.built',
  'building.committed',
  'starting.instanceStarted',
  'starting.acted',
  'verifying.acted',
  'verifying.committed',
  'switching.beforeSwitch',
  'switching.afterSwitch',
  'switching.acted',
  'switching.committed',
  'draining.acted',
  'baking.acted',
  'baking.committed',
  'reverting.afterSwitch',
] as const

/** The app's steps, one after the other. */
export function planSteps(seed: string, app: string, count: number): Step[] {
  const random = createRandom(`${seed}/${app}`)
  return Array.from({ length: count }, () => ({
    action: random.pick(weighted(actions)),
    defect: random.pick(weighted(defects)),
    delayMs: random.between(0, 3_000),
  }))
}

/** One fault after the other, for as long as there are steps. */
export function* planFaults(seed: string, apps: readonly string[]): Generator<Fault> {
  const random = createRandom(`${seed}/faults`)
  for (;;) {
    yield {
      name: random.pick(weighted(faults)),
      pauseMs: random.between(2_000, 8_000),
      app: random.pick(apps.map((app) => [1, app])),
      replica: random.between(0, 2),
      point: random.pick(points.map((point) => [1, point])),
    }
  }
}

function weighted<Name extends string>(weights: Readonly<Record<Name, number>>): [number, Name][] {
  return (Object.keys(weights) as Name[]).map((name) => [weights[name], name])
}
