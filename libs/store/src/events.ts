/** The history, as it is read; verify/ proves it. */
import type { ChainedEvent } from '@tagship/domain'
import type { Database } from './database.ts'

/** An event with its place in the feed of all apps. */
export interface EventRecord extends ChainedEvent {
  readonly id: bigint
  readonly appId: string
}

const columns = `e.id, e.app_id AS "appId", e.seq, e.deployment_id AS "deploymentId", e.type,
  e.from_state AS "fromState", e.to_state AS "toState", e.actor, e.reason, e.duration_ms AS "durationMs", e.detail,
  e.at, e.previous_hash AS "previousHash", e.hash, a.name AS app`

const newest = {
  name: 'newest-events',
  text: `
    SELECT ${columns} FROM events e JOIN apps a ON a.id = e.app_id
    WHERE $1::bigint IS NULL OR e.id < $1 ORDER BY e.id DESC LIMIT $2`,
}

const newestOfApps = {
  name: 'newest-events-of-apps',
  text: `
    SELECT ${columns} FROM unnest($3::uuid[]) AS k(id) JOIN apps a ON a.id = k.id, LATERAL (
      SELECT * FROM events WHERE app_id = k.id AND ($1::bigint IS NULL OR id < $1) ORDER BY seq DESC LIMIT $2
    ) e ORDER BY e.id DESC LIMIT $2`,
}

const newestOfDeployment = {
  name: 'newest-events-of-deployment',
  text: `
    SELECT ${columns} FROM events e JOIN apps a ON a.id = e.app_id
    WHERE e.deployment_id = $3 AND ($1::bigint IS NULL OR e.id < $1) ORDER BY e.id DESC LIMIT $2`,
}

/** For the proof that none of them reads the whole history. */
export const pageStatements = [newest, newestOfApps, newestOfDeployment]

export const events = (database: Database) => ({
  /** Newest first; `before` is the id of the last one of the page before. */
  async newestEvents({
    apps,
    deployment,
    before,
    limit,
  }: {
    /** Ids; null: every app. */
    readonly apps: readonly string[] | null
    readonly deployment?: string | undefined
    readonly before?: bigint | undefined
    readonly limit: number
  }): Promise<EventRecord[]> {
    const values = [before?.toString() ?? null, limit]
    const narrowed = deployment ?? apps
    const rows = await database.query<EventRow & { app: string } & Record<string, unknown>>(
      deployment ? newestOfDeployment : apps ? newestOfApps : newest,
      narrowed === null ? values : [...values, narrowed],
    )
    return rows.map(({ app, ...row }) => eventFrom(row, app))
  },

  /** In the order of the feed, after the id `after`. */
  async listEvents({
    appId,
    deploymentId,
    only,
    after,
    limit,
  }: {
    readonly appId?: string | undefined
    /** Ids of apps. */
    readonly only?: readonly string[] | undefined
    readonly deploymentId?: string | undefined
    readonly after?: bigint | undefined
    readonly limit: number
  }): Promise<EventRecord[]> {
    const rows = await database.prisma.event.findMany({
      where: {
        id: { gt: after ?? 0n },
        ...(appId || only
          ? { appId: { ...(appId ? { equals: appId } : {}), ...(only ? { in: [...only] } : {}) } }
          : {}),
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
