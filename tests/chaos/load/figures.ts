/** What came of it: the figures, what is promised of them, and how they are shown. */
import type { ProberReport } from '@tagship/prober'
import type { ApiFigures } from './api-client.ts'
import type { MachineFigures } from './watch.ts'

/** Times in milliseconds since 1970. */
export interface DeployedRow {
  readonly app: string
  readonly state: string
  readonly failure: string | null
  readonly createdAt: number
  readonly servingAt: number | null
  readonly buildStartedAt: number | null
  readonly buildFinishedAt: number | null
}

export interface LoadFigures {
  readonly apps: number
  readonly tookMs: number
  readonly api: ApiFigures
  readonly machine: MachineFigures
  readonly traffic: ProberReport['total']
  /** In the order in which they were asked for. */
  readonly deployments: readonly DeployedRow[]
}

const promised = {
  /** TAGSHIP_BUILDS, unless told otherwise. */
  buildsAtOnce: 2,
  /** Times the median: in one line, whoever comes last waits twice as long as whoever is in the middle. */
  longestWait: 2.5,
  /** Places that a deployment may be overtaken by: what is built, started and verified side by side. */
  overtakenBy: 24,
  /** What 100 deployments at once may add to the controller, over what it needs at rest. */
  rssGrowthMb: 250,
} as const

/** @param apiP95Ms what is promised on a machine that has nothing else to do */
export function whatIsWrong(figures: LoadFigures, apiP95Ms: number): string[] {
  const { api, machine, traffic, deployments } = figures
  const first = firstOfEach(deployments)
  const unserved = first.filter(({ servingAt }) => servingAt === null)
  const failed = deployments.filter(({ state }) => state === 'failed' || state === 'rolledBack')
  const { median, longest } = waits(first)
  const errors = api.calls.filter(({ error }) => error !== null)
  const p95 = percentile(
    api.calls.map(({ ms }) => ms),
    0.95,
  )
  const builds = buildsAtOnce(deployments)
  const growth = machine.rssMbAtMost - machine.rssMbAtStart
  const overtaken = mostOvertaken(first)
  return [
    first.length === figures.apps + 1 ? null : `${first.length} apps were deployed, not ${figures.apps + 1}`,
    unserved.length === 0 ? null : `${unserved.map(({ app }) => app).join(', ')} never served`,
    failed.length === 0 ? null : `${failed.map(({ app, failure }) => `${app}: ${failure}`).join(', ')}`,
    longest <= promised.longestWait * median
      ? null
      : `the longest wait is ${longest / median} times the median`,
    overtaken <= promised.overtakenBy
      ? null
      : `a deployment was overtaken by ${overtaken} that came after it`,
    builds <= promised.buildsAtOnce ? null : `${builds} builds at once, by the rows`,
    machine.buildStepsAtMost <= promised.buildsAtOnce
      ? null
      : `${machine.buildStepsAtMost} builds at once, by the kernel`,
    machine.buildStepsAtMost > 0 ? null : 'no build was seen',
    growth <= promised.rssGrowthMb ? null : `the controller grew by ${growth} MB`,
    p95 < apiP95Ms ? null : `the API's p95 is ${Math.round(p95)} ms`,
    errors.length === 0 ? null : `${errors.length} API calls failed: ${errors[0]?.name}: ${errors[0]?.error}`,
    traffic.failed === 0
      ? null
      : `${traffic.failed} requests failed: ${traffic.failures[0]?.kind}: ${traffic.failures[0]?.message}`,
  ].filter((line) => line !== null)
}

export function renderFigures(figures: LoadFigures): string {
  const { api, machine, traffic, deployments } = figures
  const first = firstOfEach(deployments)
  const { median, longest } = waits(first)
  const ms = api.calls.map((call) => call.ms)
  const rows: (readonly [string, string])[] = [
    ['apps', `${figures.apps} at once, and one that gets a tag after the other`],
    ['all served after', seconds(figures.tookMs)],
    ['wait until it serves', `median ${seconds(median)}, longest ${seconds(longest)}`],
    ['overtaken by', `${mostOvertaken(first)} at most`],
    ['builds at once', `${buildsAtOnce(deployments)} by the rows, ${machine.buildStepsAtMost} by the kernel`],
    ['memory of controller', `${machine.rssMbAtStart} MB before, ${machine.rssMbAtMost} MB at most`],
    ['API, all calls', latencies(ms)],
    ...Object.entries(Object.groupBy(api.calls, ({ name }) => name)).map(
      ([name, calls]) => [`API, ${name}`, latencies((calls ?? []).map((call) => call.ms))] as const,
    ),
    ['requests to an app', `${traffic.requests}, ${traffic.failed} failed, p95 ${traffic.latencyMs.p95} ms`],
  ]
  return rows.map(([name, value]) => `${name.padEnd(24)} ${value}\n`).join('')
}

function firstOfEach(deployments: readonly DeployedRow[]): DeployedRow[] {
  const seen = new Map<string, DeployedRow>()
  for (const row of deployments) {
    const known = seen.get(row.app)
    if (!known) seen.set(row.app, row)
    else if (known.servingAt === null) seen.set(row.app, { ...row, createdAt: known.createdAt })
  }
  return [...seen.values()]
}

function waits(rows: readonly DeployedRow[]): { median: number; longest: number } {
  const all = rows.flatMap(({ createdAt, servingAt }) => (servingAt === null ? [] : [servingAt - createdAt]))
  return { median: percentile(all, 0.5), longest: percentile(all, 1) }
}

/** How many came later and served earlier, for the one that is worst off. */
function mostOvertaken(rows: readonly DeployedRow[]): number {
  const served = rows.filter(({ servingAt }) => servingAt !== null)
  const counts = served.map(
    (one) =>
      served.filter(
        (other) => other.createdAt > one.createdAt && (other.servingAt ?? 0) < (one.servingAt ?? 0),
      ).length,
  )
  return Math.max(0, ...counts)
}

function buildsAtOnce(rows: readonly DeployedRow[]): number {
  const changes = rows
    .flatMap(({ buildStartedAt, buildFinishedAt }) =>
      buildStartedAt === null || buildFinishedAt === null
        ? []
        : ([
            [buildStartedAt, 1],
            [buildFinishedAt, -1],
          ] as const),
    )
    .sort(([a, first], [b, second]) => a - b || first - second)
  let [now, most] = [0, 0]
  for (const [, change] of changes) {
    now += change
    most = Math.max(most, now)
  }
  return most
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0
}

function latencies(ms: readonly number[]): string {
  const [p50, p95, most] = [0.5, 0.95, 1].map((share) => `${Math.round(percentile(ms, share))} ms`)
  return `${ms.length} calls, median ${p50}, p95 ${p95}, longest ${most}`
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}
