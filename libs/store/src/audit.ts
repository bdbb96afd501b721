/** Who did what, and what came of it: a chain over all apps. */
import { auditHash } from '@tagship/domain'
import { type Database, storableJson, storableText } from './database.ts'

export interface NewAuditEntry {
  readonly actor: string
  readonly action: string
  readonly app: string | null
  /** `done`, or the code of the error. */
  readonly outcome: string
  readonly detail: Readonly<Record<string, unknown>>
}

export interface AuditEntry extends NewAuditEntry {
  readonly id: bigint
  readonly at: Date
}

const lockHead = {
  name: 'lock-audit-head',
  text: `
    SELECT seq, hash, date_trunc('milliseconds', clock_timestamp()) AS now FROM audit_head FOR UPDATE`,
}

const write = {
  name: 'write-audit',
  text: `
    WITH written AS (
      INSERT INTO audit (seq, at, actor, action, app, outcome, detail, previous_hash, hash)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING seq, hash
    )
    UPDATE audit_head SET seq = written.seq, hash = written.hash FROM written`,
}

export const audit = (database: Database) => ({
  appendAudit(entry: NewAuditEntry): Promise<void> {
    return database.transaction(async (session) => {
      const [head] = await session.query<{ seq: number; hash: string; now: Date }>(lockHead)
      if (!head) throw new Error('the head of the audit chain is gone')
      const seq = head.seq + 1
      const at = head.now.toISOString()
      const { action, app, outcome } = entry
      const actor = storableText(entry.actor)
      const detail = storableJson(entry.detail)
      const hash = auditHash({ seq, at, actor, action, app, outcome, detail, previousHash: head.hash })
      const values = [seq, at, actor, action, app, outcome, JSON.stringify(detail), head.hash, hash]
      await session.query(write, values)
    })
  },

  /** Newest first; `before` is the id of the last one of the page before. */
  async listAudit({
    app,
    before,
    limit,
  }: {
    readonly app?: string | undefined
    readonly before?: bigint | undefined
    readonly limit: number
  }): Promise<AuditEntry[]> {
    const rows = await database.prisma.auditEntry.findMany({
      where: { ...(app ? { app } : {}), ...(before === undefined ? {} : { id: { lt: before } }) },
      orderBy: { id: 'desc' },
      take: limit,
    })
    return rows.map(({ id, at, actor, action, app, outcome, detail }) => ({
      ...{ id, at, actor, action, app, outcome },
      detail: detail as AuditEntry['detail'],
    }))
  },
})
