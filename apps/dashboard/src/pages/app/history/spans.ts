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
const servingPhases = ['draining', 'baking', 'live']

/** Pure. The newest deployments; what serves now is always among the spans, cut where the picture begins. */
export function timelineOf(rows: readonly ListedDeploymentJson[], now: number): TimelineView {
  const newest = rows.slice(0, shown)
  const oldest = newest.at(-1)
  const from = oldest ? Math.min(Date.parse(oldest.createdAt), now - 60_000) : now
  const spans = rows
    .filter((row) => row.servingAt !== null && row.slot !== null && (row.serving || newest.includes(row)))
    .map((row) => ({
      row,
      from: Math.max(from, Date.parse(row.servingAt ?? row.createdAt)),
      to: Math.max(from, servedUntil(row, now)),
    }))
  return { from, spans, failures: newest.filter(({ state }) => state === 'failed' || state === 'canceled') }
}

function servedUntil({ serving, phases, finishedAt, servingAt }: ListedDeploymentJson, now: number): number {
  if (serving) return now
  const last = phases.findLast(({ name }) => servingPhases.includes(name))
  return Date.parse(last?.finishedAt ?? finishedAt ?? servingAt ?? '') || now
}
