/** Who did what, and what came of it. */
import { type Database, storableJson, storableText } from './database.ts'
import type { Prisma } from './generated/client.ts'

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

export const audit = (database: Database) => ({
  async appendAudit({ actor, action, app, outcome, detail }: NewAuditEntry): Promise<void> {
    const text = storableText(actor)
    const json = storableJson(detail) as Prisma.InputJsonObject
    await database.prisma.auditEntry.create({ data: { actor: text, action, app, outcome, detail: json } })
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
    return rows.map((row) => ({ ...row, detail: row.detail as AuditEntry['detail'] }))
  },
})
