/** The log of a deployment: lines in one order, whoever writes them. */
import type { LoggedLine, LogSource } from '@tagship/engine'
import { type Database, storableText } from './database.ts'

export interface LogRecord {
  /** 1, 2, 3, … per deployment; lines become visible in this order. */
  readonly seq: number
  readonly source: LogSource
  readonly process: string | null
  readonly at: Date
  readonly text: string
}

const append = {
  name: 'append-log',
  // Whoever raises the head holds it until the lines are in.
  text: `
    WITH head AS (
      INSERT INTO log_heads AS h (deployment_id, seq) VALUES ($1, $6)
      ON CONFLICT (deployment_id) DO UPDATE SET seq = h.seq + $6 RETURNING seq - $6 AS before
    )
    INSERT INTO log_chunks (deployment_id, seq, source, process, at, text)
    SELECT $1, head.before + line.n, $2, line.process, line.at, line.text
    FROM head, unnest($3::timestamptz[], $4::text[], $5::text[]) WITH ORDINALITY AS line(at, process, text, n)`,
}

export const logs = (database: Database) => ({
  async appendLog(deploymentId: string, source: LogSource, lines: readonly LoggedLine[]): Promise<void> {
    if (lines.length === 0) return
    await database.query(append, [
      deploymentId,
      source,
      lines.map(({ at }) => at),
      lines.map(({ process }) => process),
      lines.map(({ text }) => storableText(text)),
      lines.length,
    ])
  },

  /** The lines after `after` (0: from the first). */
  async logs({
    deploymentId,
    after,
    limit,
    source,
  }: {
    readonly deploymentId: string
    readonly after: number
    readonly limit: number
    readonly source?: LogSource | undefined
  }): Promise<LogRecord[]> {
    const rows = await database.prisma.logChunk.findMany({
      where: { deploymentId, seq: { gt: after }, ...(source ? { source } : {}) },
      orderBy: { seq: 'asc' },
      take: limit,
      omit: { deploymentId: true },
    })
    return rows.map((row) => ({ ...row, source: row.source as LogSource }))
  },
})
