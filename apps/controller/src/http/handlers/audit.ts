import type { AuditFilter } from '@tagship/store'
import { exportAudit } from '../audit-export.ts'
import { readBigintCursor, toPage } from '../cursor.ts'
import type { Handlers } from '../handler.ts'
import { presentAuditEntry } from '../present.ts'
import { verdictOf } from '../verify-history.ts'

export const auditHandlers = {
  async listAudit(deps, { query }) {
    const before = readBigintCursor(query.cursor)
    const rows = await deps.store.listAudit({ ...filterOf(query), before, limit: query.limit + 1 })
    const page = toPage(rows, query.limit, ({ id }) => id)
    return { items: page.items.map(presentAuditEntry), next: page.next }
  },

  async exportAudit(deps, { query, reply }) {
    return exportAudit(deps.store, filterOf(query), query.format, reply)
  },

  async verifyAudit(deps, { query }) {
    return verdictOf(await deps.store.verifyHistory(query.expect?.split(',')))
  },
} satisfies Partial<Handlers>

interface Query extends Pick<AuditFilter, 'actor' | 'action'> {
  readonly app?: string | undefined
  readonly outcome?: readonly ('done' | 'refused' | 'failed')[] | undefined
  readonly since?: string | undefined
  readonly until?: string | undefined
}

/** An app that is gone, or never was, has entries all the same. */
function filterOf({ app, actor, action, outcome, since, until }: Query): AuditFilter {
  return {
    ...{ actor, action, outcomes: outcome },
    ...(app === undefined ? {} : { apps: [app] }),
    ...(since === undefined ? {} : { since: new Date(since) }),
    ...(until === undefined ? {} : { until: new Date(until) }),
  }
}
