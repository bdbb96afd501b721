/** Who did what: the list, the same as a file, and whether it is intact. */
import type { AuditEntryJson } from '@tagship/api'
import { infiniteQueryOptions } from '@tanstack/react-query'
import { api } from './session.ts'

export type Outcome = AuditEntryJson['outcome']

export interface AuditFilter {
  readonly app?: string | undefined
  /** Exactly as it stands in the list. */
  readonly actor?: string | undefined
  readonly action?: string | undefined
  readonly outcome?: Outcome | undefined
  /** Days, `2026-11-24`, in the reader's time zone; the last one is within. */
  readonly from?: string | undefined
  readonly to?: string | undefined
}

const pageSize = 100

export function auditQuery(filter: AuditFilter) {
  return infiniteQueryOptions({
    queryKey: ['audit', filter],
    queryFn: ({ pageParam, signal }) =>
      api().listAudit({ query: { ...asQuery(filter), limit: pageSize, cursor: pageParam }, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
    // Entries come without an event: who opens the page sees the newest.
    staleTime: 0,
  })
}

export type ExportFormat = 'csv' | 'ndjson'

/** Hands the file to the browser. @throws ApiError, ControllerUnreachable */
export async function exportAudit(filter: AuditFilter, format: ExportFormat): Promise<void> {
  const text = await api().exportAudit({ query: { ...asQuery(filter), format } })
  const address = URL.createObjectURL(new Blob([text]))
  const link = document.createElement('a')
  link.href = address
  link.download = `tagship-audit.${format}`
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
}

/** The reader's days become moments. */
function asQuery({ app, actor, action, outcome, from, to }: AuditFilter) {
  return {
    ...(app ? { app } : {}),
    ...(actor ? { actor } : {}),
    ...(action ? { action } : {}),
    ...(outcome ? { outcome: [outcome] } : {}),
    ...(from ? { since: startOf(from) } : {}),
    ...(to ? { until: startOf(to, 1) } : {}),
  }
}

function startOf(day: string, daysLater = 0): string {
  const date = new Date(`${day}T00:00:00`)
  date.setDate(date.getDate() + daysLater)
  return date.toISOString()
}
