/** What came of it, as data and as a table for people. */
import type { Account } from './account.ts'
import type { Census } from './census.ts'
import type { Struck } from './faults.ts'
import type { StepOutcome } from './lane.ts'

export interface Soak {
  readonly seed: string
  readonly at: string
  readonly tookMs: number
  readonly deployments: number
  readonly outcomes: readonly StepOutcome[]
  readonly faults: readonly Struck[]
  readonly traffic: Account
  readonly census: { readonly before: Census; readonly after: Census }
  /** Empty: every promise is kept. */
  readonly wrong: readonly string[]
}

export function renderSoak(soak: Soak): string {
  const { traffic, outcomes, faults, census } = soak
  const rows: (readonly [string, string])[] = [
    ['seed', soak.seed],
    ['took', `${(soak.tookMs / 60_000).toFixed(1)} min`],
    ['deployments', `${soak.deployments}`],
    ...counted(
      'step',
      outcomes.map(({ action, state }) => `${action} → ${state ?? 'nothing to do'}`),
    ),
    ...counted(
      'fault',
      faults.map(({ name }) => name),
    ),
    ['requests', traffic.requests.toLocaleString('en')],
    ['  killed with what served', `${traffic.killed}`],
    ['  lost otherwise', `${traffic.lost.length}`],
    ...Object.entries(census.after).map(
      ([name, after]) => [`left: ${name}`, `${census.before[name as keyof Census]} → ${after}`] as const,
    ),
  ]
  const lost = traffic.lost
    .slice(0, 10)
    .map(
      ({ app, kind, startedAt, failedAt, message }) =>
        `    ${app} ${kind} ${startedAt.toISOString()} to ${failedAt.toISOString()}: ${message}`,
    )
  const lines = [...rows.map(([name, value]) => `${name.padEnd(44)} ${value}`), ...lost]
  const verdict = soak.wrong.length === 0 ? ['✔ nothing was lost'] : soak.wrong.map((line) => `✖ ${line}`)
  return `${[...lines, ...verdict].join('\n')}\n`
}

function counted(what: string, names: readonly string[]): [string, string][] {
  const counts = Map.groupBy(names.toSorted(), (name) => name)
  return [...counts].map(([name, all]) => [`${what}: ${name}`, `${all.length}`])
}
