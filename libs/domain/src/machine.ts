/**
 * The life of a deployment as one table (DESIGN §3). Code, docs and every legend read it from here.
 * Pure: what happened is an event, and `transition` says which state follows.
 */

export const deploymentStates = [
  'queued',
  'building',
  'releasing',
  'starting',
  'verifying',
  'awaitingPromotion',
  'switching',
  'draining',
  'baking',
  'live',
  'reverting',
  'failing',
  'canceling',
  'evicting',
  'failed',
  'canceled',
  'rolledBack',
  'retired',
] as const
export type DeploymentState = (typeof deploymentStates)[number]

export type DeploymentEvent =
  | 'claimed'
  | 'superseded'
  | 'cancelRequested'
  | 'built'
  | 'buildFailed'
  | 'released'
  | 'releaseFailed'
  | 'started'
  | 'startFailed'
  | 'healthy'
  | 'held'
  | 'deadlinePassed'
  | 'promoted'
  | 'unhealthy'
  | 'switched'
  | 'refused'
  | 'drained'
  | 'rollbackRequested'
  | 'baked'
  | 'replaced'
  | 'reverted'
  | 'discarded'

export type StepName =
  | 'awaitBuild'
  | 'runReleaseCommand'
  | 'startInstances'
  | 'verifyInstances'
  | 'switchRoute'
  | 'drainInstances'
  | 'bake'
  | 'revertRoute'
  | 'discardInstances'

interface StateEntry {
  /** What the engine does while a deployment is in this state; null where it waits for others. */
  readonly step: StepName | null
  readonly on: { readonly [E in DeploymentEvent]?: DeploymentState }
  /** One line for a legend. */
  readonly meaning: string
}

export const machine = {
  queued: {
    step: null,
    on: { claimed: 'building', superseded: 'canceled', cancelRequested: 'canceled' },
    meaning: 'waits for its turn',
  },
  building: {
    step: 'awaitBuild',
    on: { built: 'releasing', buildFailed: 'failed', cancelRequested: 'canceling' },
    meaning: 'its image is built',
  },
  releasing: {
    step: 'runReleaseCommand',
    on: { released: 'starting', releaseFailed: 'failing', cancelRequested: 'canceling' },
    meaning: 'its release command runs, where it has one',
  },
  starting: {
    step: 'startInstances',
    on: { started: 'verifying', startFailed: 'failing', cancelRequested: 'canceling' },
    meaning: 'its instances boot beside the live ones',
  },
  verifying: {
    step: 'verifyInstances',
    on: {
      healthy: 'switching',
      held: 'awaitingPromotion',
      deadlinePassed: 'failing',
      unhealthy: 'failing',
      cancelRequested: 'canceling',
    },
    meaning: 'its instances are probed until all are healthy',
  },
  awaitingPromotion: {
    step: 'verifyInstances',
    on: {
      promoted: 'switching',
      unhealthy: 'failing',
      deadlinePassed: 'canceling',
      cancelRequested: 'canceling',
    },
    meaning: 'healthy; waits for a person to promote it',
  },
  switching: {
    step: 'switchRoute',
    on: { switched: 'draining', refused: 'failing' },
    meaning: 'the router moves traffic to it',
  },
  draining: {
    step: 'drainInstances',
    on: { drained: 'baking', unhealthy: 'reverting', rollbackRequested: 'reverting' },
    meaning: 'serves; requests in flight on the old slot finish',
  },
  baking: {
    step: 'bake',
    on: { baked: 'live', unhealthy: 'reverting', rollbackRequested: 'reverting' },
    meaning: 'serves; watched under real traffic while the old slot stays warm',
  },
  live: { step: null, on: { replaced: 'retired' }, meaning: 'serves' },
  reverting: {
    step: 'revertRoute',
    on: { reverted: 'evicting' },
    meaning: 'the router moves traffic back to the old slot',
  },
  failing: {
    step: 'discardInstances',
    on: { discarded: 'failed' },
    meaning: 'failed; its instances are removed',
  },
  canceling: {
    step: 'discardInstances',
    on: { discarded: 'canceled' },
    meaning: 'canceled; its instances are removed',
  },
  evicting: {
    step: 'discardInstances',
    on: { discarded: 'rolledBack' },
    meaning: 'rolled back; its instances are removed',
  },
  failed: { step: null, on: {}, meaning: 'never took traffic' },
  canceled: { step: null, on: {}, meaning: 'stopped before it took traffic' },
  rolledBack: { step: null, on: {}, meaning: 'took traffic and was rolled back' },
  retired: { step: null, on: {}, meaning: 'served, and was replaced' },
} as const satisfies Record<DeploymentState, StateEntry>

/** The state that follows, or null where the event means nothing in this state. */
export function transition(state: DeploymentState, event: DeploymentEvent): DeploymentState | null {
  const entry: StateEntry = machine[state]
  return entry.on[event] ?? null
}

export function stepOf(state: DeploymentState): StepName | null {
  return machine[state].step
}

/** Under way: holds the app's one place for an active deployment. The database's unique index has the same list. */
export const activeStates = deploymentStates.filter((state) => stepOf(state) !== null)

export const finalStates = deploymentStates.filter((state) => Object.keys(machine[state].on).length === 0)

/** Its switch is confirmed: it is what users reach. */
export const servingStates = ['draining', 'baking', 'live'] as const satisfies readonly DeploymentState[]

export function isActive(state: DeploymentState): boolean {
  return stepOf(state) !== null
}

export function isServing(state: DeploymentState): boolean {
  return (servingStates as readonly DeploymentState[]).includes(state)
}

export const settledStates: readonly DeploymentState[] = ['live', ...finalStates]

/** Nothing more will happen to it, or (`live`) nothing but its replacement. */
export function isSettled(state: DeploymentState): boolean {
  return settledStates.includes(state)
}
