import { describe, expect, it } from 'vitest'
import {
  activeStates,
  type DeploymentEvent,
  type DeploymentState,
  deploymentStates,
  finalStates,
  isActive,
  isServing,
  isSettled,
  machine,
  stepOf,
  transition,
} from '../src/index.ts'

/** The table of DESIGN §3, written out a second time by hand: state, step, event → next. */
const design: Record<DeploymentState, [string | null, Partial<Record<DeploymentEvent, DeploymentState>>]> = {
  queued: [null, { claimed: 'building', superseded: 'canceled', cancelRequested: 'canceled' }],
  building: ['awaitBuild', { built: 'releasing', buildFailed: 'failed', cancelRequested: 'canceling' }],
  releasing: [
    'runReleaseCommand',
    { released: 'starting', releaseFailed: 'failing', cancelRequested: 'canceling' },
  ],
  starting: [
    'startInstances',
    { started: 'verifying', startFailed: 'failing', cancelRequested: 'canceling' },
  ],
  verifying: [
    'verifyInstances',
    {
      healthy: 'switching',
      held: 'awaitingPromotion',
      deadlinePassed: 'failing',
      unhealthy: 'failing',
      cancelRequested: 'canceling',
    },
  ],
  awaitingPromotion: [
    'verifyInstances',
    {
      promoted: 'switching',
      unhealthy: 'failing',
      deadlinePassed: 'canceling',
      cancelRequested: 'canceling',
    },
  ],
  switching: ['switchRoute', { switched: 'draining', refused: 'failing' }],
  draining: ['drainInstances', { drained: 'baking', unhealthy: 'reverting', rollbackRequested: 'reverting' }],
  baking: ['bake', { baked: 'live', unhealthy: 'reverting', rollbackRequested: 'reverting' }],
  live: [null, { replaced: 'retired' }],
  reverting: ['revertRoute', { reverted: 'evicting' }],
  failing: ['discardInstances', { discarded: 'failed' }],
  canceling: ['discardInstances', { discarded: 'canceled' }],
  evicting: ['discardInstances', { discarded: 'rolledBack' }],
  failed: [null, {}],
  canceled: [null, {}],
  rolledBack: [null, {}],
  retired: [null, {}],
}

const events = [...new Set(Object.values(design).flatMap(([, on]) => Object.keys(on)))] as DeploymentEvent[]

describe('the deployment machine', () => {
  it.each(deploymentStates)('does in %s what the design says, for every event', (state) => {
    const [step, on] = design[state]
    expect(stepOf(state)).toBe(step)
    for (const event of events) expect(transition(state, event), event).toBe(on[event] ?? null)
  })

  it('reaches every state from queued, and ends from every state', () => {
    const next = (state: DeploymentState): DeploymentState[] => Object.values(machine[state].on)
    expect(reachable('queued', next)).toEqual(new Set(deploymentStates))
    for (const state of deploymentStates) {
      const ends = [...reachable(state, next)].filter((end) => finalStates.includes(end))
      expect(ends, state).not.toHaveLength(0)
    }
  })

  it('never takes traffic on a way that skips verification', () => {
    const withoutProof = (state: DeploymentState): DeploymentState[] =>
      state === 'verifying' ? [] : Object.values(machine[state].on)
    expect([...reachable('queued', withoutProof)].filter(isServing)).toEqual([])
  })

  it('removes instances that serve only after the route was moved back', () => {
    for (const state of ['draining', 'baking'] as const) {
      for (const to of Object.values(machine[state].on)) {
        expect(['baking', 'live', 'reverting']).toContain(to)
      }
    }
    expect(machine.reverting.on).toEqual({ reverted: 'evicting' })
  })

  it('counts as active exactly the states that have a step', () => {
    expect(activeStates).toEqual(deploymentStates.filter((state) => machine[state].step !== null))
    for (const state of deploymentStates) {
      expect(isActive(state)).toBe(activeStates.includes(state))
      expect(isActive(state) && isSettled(state)).toBe(false)
    }
  })
})

function reachable(from: DeploymentState, next: (state: DeploymentState) => DeploymentState[]) {
  const seen = new Set<DeploymentState>([from])
  for (const state of seen) for (const to of next(state)) seen.add(to)
  return seen
}
