/** The history, as it is read; verify/ proves it. */
import type { ChainedEvent } from '@tagship/domain'
import type { Database } from './database.ts'

/** An event with its place in the feed of all apps. */
export interface EventRecord extends ChainedEvent {
  readonly id: bigint
  readonly appId: string
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
})

export interface EventRow {
  readonly id: bigint | string
  readonly appId: string
  readonly seq: number
  readonly deploymentId: string | null
  readonly type: string
  readonly fromState: string | null
  readonly toState: string | null
  readonly actor: string
  readonly reason: string | null
  readonly durationMs: bigint | string | null
  readonly detail: unknown
  readonly at: Date
  readonly previousHash: string
  readonly hash: string
}

export function eventFrom(row: EventRow, app: string): EventRecord {
  return {
    id: BigInt(row.id),
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
