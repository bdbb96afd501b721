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

const wanted = `
  AND ($4::text IS NULL OR source = $4)
  AND ($5::text IS NULL OR process = $5 OR starts_with(process, $5 || '.'))
  AND ($6::text IS NULL OR strpos(lower(text), $6) > 0)`

const firstAfter = {
  name: 'log-lines-after',
  text: `
    SELECT seq, source, process, at, text FROM log_chunks
    WHERE deployment_id = $1 AND seq > $2::int ${wanted} ORDER BY seq LIMIT $3`,
}

const lastBefore = {
  name: 'log-lines-before',
  text: `
    SELECT seq, source, process, at, text FROM log_chunks
    WHERE deployment_id = $1 AND seq < $2::int ${wanted} ORDER BY seq DESC LIMIT $3`,
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

  /** Lines that the query asks for: the first after `after`, or the last before `before`; always in their order. */
  async logs({ deploymentId, after, before, limit, source, process, text }: LogQuery): Promise<LogRecord[]> {
    const backward = before !== undefined
    const rows = await database.query<LogRecord & Record<string, unknown>>(
      backward ? lastBefore : firstAfter,
      [
        deploymentId,
        backward ? before : (after ?? 0),
        limit,
        source ?? null,
        process ?? null,
        text?.toLowerCase() ?? null,
      ],
    )
    return backward ? rows.reverse() : rows
  },
})

export interface LogQuery {
  readonly deploymentId: string
  /** 0: from the first. */
  readonly after?: number | undefined
  /** Instead of `after`; `Infinity` would be the end: say a number that no line has. */
  readonly before?: number | undefined
  readonly limit: number
  readonly source?: LogSource | undefined
  /** `web`: all its instances; `web.0`: that one. */
  readonly process?: string | undefined
  /** Upper and lower case are one. */
  readonly text?: string | undefined
}
