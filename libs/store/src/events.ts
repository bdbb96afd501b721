/** The history, as it is read and proven. */
import { type ChainedEvent, eventHash, firstPreviousHash } from '@tagship/domain'
import type { Database } from './database.ts'
import { translateFailure } from './failures.ts'

/** An event with its place in the feed of all apps. */
export interface EventRecord extends ChainedEvent {
  readonly id: bigint
  readonly appId: string
}

export interface VerifiedHistory {
  readonly app: string
  /** How many were looked at. */
  readonly events: number
  readonly broken: { readonly seq: number; readonly problem: string } | null
}

const pageSize = 1_000

interface Head {
  readonly id: string
  readonly name: string
  readonly eventSeq: number
  readonly eventHash: string
}

export const events = (database: Database) => ({
  /** In the order of the feed, after the id `after`. */
  async listEvents({
    appId,
    deploymentId,
    after,
    limit,
  }: {
    readonly appId?: string | undefined
    readonly deploymentId?: string | undefined
    readonly after?: bigint | undefined
    readonly limit: number
  }): Promise<EventRecord[]> {
    const rows = await database.prisma.event.findMany({
      where: {
        id: { gt: after ?? 0n },
        ...(appId ? { appId } : {}),
        ...(deploymentId ? { deploymentId } : {}),
      },
      orderBy: { id: 'asc' },
      take: limit,
      include: { app: { select: { name: true } } },
    })
    return rows.map((row) => eventFrom(row, row.app.name))
  },

  /** The highest id in the feed; 0 where it is empty. */
  async lastEventId(): Promise<bigint> {
    const last = await database.prisma.event.findFirst({ orderBy: { id: 'desc' }, select: { id: true } })
    return last?.id ?? 0n
  },

  /** Looks at every event of every app, also of those that were removed, page by page. */
  async *verifyHistory(): AsyncGenerator<VerifiedHistory> {
    try {
      const heads = await database.prisma.app.findMany({
        select: { id: true, name: true, eventSeq: true, eventHash: true },
        orderBy: [{ name: 'asc' }, { createdAt: 'asc' }],
      })
      for (const head of heads) yield await verify(database, head)
    } catch (error) {
      throw translateFailure(error)
    }
  },
})

/** Up to the head that was read first: what is appended meanwhile is left for the next time. */
async function verify(database: Database, head: Head): Promise<VerifiedHistory> {
  let seq = 0
  let previousHash = firstPreviousHash
  const verdict = (problem: string | null) => ({
    app: head.name,
    events: seq,
    broken: problem === null ? null : { seq, problem },
  })
  while (seq < head.eventSeq) {
    const page = await database.prisma.event.findMany({
      where: { appId: head.id, seq: { gt: seq, lte: head.eventSeq } },
      orderBy: { seq: 'asc' },
      take: pageSize,
    })
    for (const row of page) {
      seq += 1
      const problem = problemOf(eventFrom(row, head.name), seq, previousHash)
      if (problem) return verdict(problem)
      previousHash = row.hash
    }
    if (page.length < pageSize) break
  }
  if (seq < head.eventSeq) {
    seq += 1
    return verdict(`event ${seq} is missing; there should be ${head.eventSeq}`)
  }
  return verdict(previousHash === head.eventHash ? null : `event ${seq} is not the one that was written last`)
}

function problemOf(
  { id, appId, hash, ...fields }: EventRecord,
  seq: number,
  previousHash: string,
): string | null {
  if (fields.seq !== seq) return `event ${seq} is missing; the next one found is ${fields.seq}`
  if (fields.previousHash !== previousHash) return `event ${seq} does not follow event ${seq - 1}`
  return eventHash(fields) === hash ? null : `event ${seq} was changed`
}

interface EventRow {
  readonly id: bigint
  readonly appId: string
  readonly seq: number
  readonly deploymentId: string | null
  readonly type: string
  readonly fromState: string | null
  readonly toState: string | null
  readonly actor: string
  readonly reason: string | null
  readonly durationMs: bigint | null
  readonly detail: unknown
  readonly at: Date
  readonly previousHash: string
  readonly hash: string
}

function eventFrom(row: EventRow, app: string): EventRecord {
  return {
    id: row.id,
    appId: row.appId,
    app,
    seq: row.seq,
    deployment: row.deploymentId,
    type: row.type,
    from: row.fromState,
    to: row.toState,
    actor: row.actor,
    reason: row.reason,
    durationMs: row.durationMs === null ? null : Number(row.durationMs),
    detail: row.detail,
    at: row.at.toISOString(),
    previousHash: row.previousHash,
    hash: row.hash,
  }
}
