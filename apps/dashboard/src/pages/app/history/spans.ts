import type { ListedDeploymentJson } from '@tagship/api'

/** A stretch of time in which a release served. */
export interface Span {
  readonly row: ListedDeploymentJson
  /** Milliseconds since 1970. */
  readonly from: number
  readonly to: number
}

export interface TimelineView {
  readonly from: number
  readonly spans: readonly Span[]
  readonly failures: readonly ListedDeploymentJson[]
}

const shown = 24
/** A release that was taken back has served until then. */
const servingPhases = ['draining', 'baking']
const takenBack = ['reverting', 'evicting', 'rolledBack']

/** Pure. The newest deployments; what serves now is always among the spans, cut where the picture begins. */
export function timelineOf(rows: readonly ListedDeploymentJson[], now: number): TimelineView {
  const newest = rows.slice(0, shown)
  const oldest = newest.at(-1)
  const from = oldest ? Math.min(Date.parse(oldest.createdAt), now - 60_000) : now
  const serving = rows.find((row) => row.serving)
  const shownRows = !serving || newest.includes(serving) ? newest : [...newest, serving]
  const served = shownRows.filter((row) => row.servingAt !== null && row.slot !== null)
  const spans = served.map((row) => ({
    row,
    from: Math.max(from, Date.parse(row.servingAt ?? row.createdAt)),
    to: Math.max(from, servedUntil(row, served, now)),
  }))
  return { from, spans, failures: newest.filter(({ state }) => state === 'failed' || state === 'canceled') }
}

/** Until the next one served, but for those that were taken back: after them what was before served again. */
function servedUntil(
  row: ListedDeploymentJson,
  served: readonly ListedDeploymentJson[],
  now: number,
): number {
  if (row.serving) return now
  if (takenBack.includes(row.state)) {
    const last = row.phases.findLast(({ name }) => servingPhases.includes(name))
    return Date.parse(last?.finishedAt ?? row.finishedAt ?? '') || now
  }
  const next = served
    .filter(({ state, servingAt }) => !takenBack.includes(state) && (servingAt ?? '') > (row.servingAt ?? ''))
    .map(({ servingAt }) => Date.parse(servingAt ?? ''))
  return Math.min(now, ...next)
}
