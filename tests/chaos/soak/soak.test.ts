/** What makes a soak worth believing: that it can be replayed, and that it excuses nothing that is ours. */
import type { FailedRequest, ProberReport } from '@tagship/prober'
import { describe, expect, it } from 'vitest'
import { account } from './account.ts'
import type { Struck } from './faults.ts'
import { planFaults, planSteps } from './plan.ts'

const apps = ['ash', 'birch']

function faultsOf(seed: string) {
  const plan = planFaults(seed, apps)
  return Array.from({ length: 200 }, () => plan.next().value)
}

describe('a plan', () => {
  it('follows from its seed alone', () => {
    expect(planSteps('one', 'ash', 50)).toEqual(planSteps('one', 'ash', 50))
    expect(faultsOf('one')).toEqual(faultsOf('one'))
    expect(planSteps('one', 'ash', 50)).not.toEqual(planSteps('two', 'ash', 50))
    expect(planSteps('one', 'ash', 50)).not.toEqual(planSteps('one', 'birch', 50))
    expect(faultsOf('one')).not.toEqual(faultsOf('two'))
  })

  it('does and breaks everything there is', () => {
    const actions = new Set(planSteps('one', 'ash', 200).map(({ action }) => action))
    expect(actions.size).toBe(7)
    expect(new Set(faultsOf('one').map((fault) => fault?.name)).size).toBe(10)
  })
})

describe('an account', () => {
  const killed = {
    name: 'instance killed',
    at: 10_000,
    overAt: 12_000,
    costs: 'ash',
    servedAgainAt: 10_000,
  } as const

  it.each([
    ['was under way in the instance that was killed', 'ash', 9_000, 10_010, true],
    ['began later: others should have served it', 'ash', 12_000, 12_100, false],
    ['had failed before', 'ash', 9_000, 9_900, false],
    ['was of another app', 'birch', 9_000, 10_010, false],
  ])('of a request that %s', (_, app, startedAt, failedAt, excused) => {
    expect(lost(app, startedAt, failedAt, killed)).toBe(excused ? 0 : 1)
  })

  it('excuses nobody where nothing that serves was killed', () => {
    const fault = { ...killed, name: 'controller killed', costs: null } as const
    expect(lost('ash', 9_000, 10_010, fault)).toBe(1)
  })

  it('counts against the router what came while it was away', () => {
    const fault = { ...killed, name: 'router killed', costs: '*', servedAgainAt: 11_000 } as const
    expect(lost('birch', 10_500, 10_600, fault)).toBe(0)
    expect(lost('birch', 13_000, 13_100, fault)).toBe(1)
  })
})

function lost(app: string, startedAt: number, failedAt: number, fault: Struck): number {
  const failure = { startedAt: new Date(startedAt), failedAt: new Date(failedAt) } as FailedRequest
  const total = { requests: 5, failed: 1, failures: [failure] }
  const report = { total } as unknown as ProberReport
  return account(new Map([[app, report]]), [fault]).lost.length
}
