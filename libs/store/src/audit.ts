/** Who did what, and what came of it: a chain over all apps. */
import { auditHash } from '@tagship/domain'
import { type Database, type Session, storableJson, storableText } from './database.ts'

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

/** In the caller's transaction; others who append wait until it ends. */
export async function writeAudit(session: Session, entry: NewAuditEntry): Promise<void> {
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
}

export const audit = (database: Database) => ({
  appendAudit(entry: NewAuditEntry): Promise<void> {
    return database.transaction((session) => writeAudit(session, entry))
  },

  /** Newest first; `before` is the id of the last one of the page before. */
  listAudit: ({ before, limit, ...filter }: AuditFilter & Backward): Promise<AuditEntry[]> =>
    find(database, filter, { before, limit, order: 'DESC' }),

  /** Oldest first; `after` is the id of the last one that was read. */
  readAudit: ({ after, limit, ...filter }: AuditFilter & Forward): Promise<AuditEntry[]> =>
    find(database, filter, { after, limit, order: 'ASC' }),
})

interface Backward {
  readonly before?: bigint | undefined
  readonly limit: number
}

interface Forward {
  readonly after: bigint
  readonly limit: number
}

export interface AuditFilter {
  /** Names; left out, everything, also what concerns no app. */
  readonly apps?: readonly string[] | undefined
  /** Of apps by name, since they are there: of an earlier one with the name nothing is told. */
  readonly visible?: readonly { readonly name: string; readonly since: Date }[] | undefined
  readonly actor?: string | undefined
  readonly action?: string | undefined
  readonly outcomes?: readonly string[] | undefined
  readonly since?: Date | undefined
  /** Not included. */
  readonly until?: Date | undefined
}

interface Place extends Backward {
  readonly after?: bigint | undefined
  readonly order: 'ASC' | 'DESC'
}

interface EntryRow extends Record<string, unknown> {
  readonly id: string
  readonly at: Date
  readonly actor: string
  readonly action: string
  readonly app: string | null
  readonly outcome: string
  readonly detail: AuditEntry['detail']
}

async function find(database: Database, filter: AuditFilter, place: Place): Promise<AuditEntry[]> {
  const { text, values } = auditQuery(filter, place)
  // Planned anew each time: which index is best depends on the values.
  const rows = await database.query<EntryRow>({ name: '', text }, values)
  return rows.map((row) => ({ ...row, id: BigInt(row.id) }))
}

/** Ids grow with time: a window of time is found as one of ids, so that the order stays that of the index. */
export function auditQuery(
  { apps, visible, actor, action, outcomes, since, until }: AuditFilter,
  { before, after, limit, order }: Place,
): { text: string; values: unknown[] } {
  const values: unknown[] = []
  const value = (given: unknown) => `$${values.push(given)}`
  const firstFrom = (moment: Date) =>
    `(SELECT w.id FROM audit w WHERE w.at >= ${value(moment)} ORDER BY w.at, w.id LIMIT 1)`
  const where = [
    ...(apps ? [`app = ANY(${value(apps)}::text[])`] : []),
    ...(visible ? [isVisible(visible, value)] : []),
    ...(actor === undefined ? [] : [`actor = ${value(actor)}`]),
    ...(action === undefined ? [] : [`action = ${value(action)}`]),
    ...(outcomes ? [`outcome = ANY(${value(outcomes)}::text[])`] : []),
    ...(since ? [`id >= ${firstFrom(since)}`] : []),
    ...(until ? [`id < coalesce(${firstFrom(until)}, 9223372036854775807)`] : []),
    ...(before === undefined ? [] : [`id < ${value(before.toString())}::bigint`]),
    ...(after === undefined ? [] : [`id > ${value(after.toString())}::bigint`]),
  ]
  const text = `
    SELECT id, at, actor, action, app, outcome, detail FROM audit
    ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''} ORDER BY id ${order} LIMIT ${limit}`
  return { text, values }
}

function isVisible(visible: NonNullable<AuditFilter['visible']>, value: (given: unknown) => string): string {
  const names = value(visible.map(({ name }) => name))
  const times = value(visible.map(({ since }) => since))
  return `EXISTS (SELECT FROM unnest(${names}::text[], ${times}::timestamptz[]) AS v(name, since)
      WHERE v.name = audit.app AND v.since <= audit.at)`
}
