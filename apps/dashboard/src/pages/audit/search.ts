import type { AuditFilter } from '../../data/audit.ts'
import { dayOr, oneOf, textOr } from '../../data/search.ts'

export const outcomes = ['done', 'refused', 'failed'] as const

/** The filter stands in the address, so that it can be sent to somebody. */
export function parseAuditSearch(search: Readonly<Record<string, unknown>>): AuditFilter {
  return {
    app: textOr(search.app),
    actor: textOr(search.actor),
    action: textOr(search.action),
    outcome: oneOf(outcomes, search.outcome),
    from: dayOr(search.from),
    to: dayOr(search.to),
  }
}
