import type { AuditVerdictJson } from '@tagship/api'
import type { VerifiedHistory } from '@tagship/store'

/** What was found out about the history, and what it comes to. */
export function verdictOf({ apps, audit, missing }: VerifiedHistory): AuditVerdictJson {
  const intact = [audit, ...apps].every(({ broken }) => broken === null) && missing.length === 0
  return {
    intact,
    apps: apps.map(({ app, length, head, broken }) => ({ app, events: length, head, broken })),
    audit: {
      entries: audit.length,
      unchained: audit.unchained,
      head: audit.head,
      broken: audit.broken,
    },
    missing: [...missing],
  }
}
