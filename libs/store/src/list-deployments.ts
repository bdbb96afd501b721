/**
 * Deployments, newest first, filtered. The time that a page takes does not grow with the history: an index leads to
 * the newest candidates, and of these no more are looked at than `scan`. A page that has found less than it may hold
 * by then is short, and the next one goes on from there.
 */
import type { Deployment, DeploymentState, Trigger } from '@tagship/domain'
import type { Database } from './database.ts'
import { type DeploymentRow, deploymentFrom } from './records/deployment.ts'

export interface DeploymentFilter {
  /** Ids; null: every app. */
  readonly apps: readonly string[] | null
  readonly states?: readonly DeploymentState[] | undefined
  readonly triggers?: readonly Trigger[] | undefined
  /** Part of the tag's name; upper and lower case are one. */
  readonly tag?: string | undefined
  readonly actor?: string | undefined
  readonly since?: Date | undefined
  /** Not included. */
  readonly until?: Date | undefined
}

/** Where a page ends: the next one begins after it. */
export interface DeploymentPosition {
  readonly at: Date
  readonly id: string
}

export interface DeploymentPage {
  readonly deployments: Deployment[]
  readonly next: DeploymentPosition | null
}

/** Candidates that one page looks at, where a filter is left that no index answers. */
const scan = 2_000

const records = {
  name: 'deployment-records',
  text: 'SELECT to_jsonb(d) AS record FROM deployment_records d WHERE d.id = ANY($1::uuid[])',
}

interface Found extends Record<string, unknown> {
  readonly ids: readonly string[] | null
  readonly scanned: number
  readonly last_at: Date | null
  readonly last_id: string | null
}

export const deploymentLists = (database: Database) => ({
  async findDeployments(
    filter: DeploymentFilter,
    { after, limit }: { readonly after?: DeploymentPosition | undefined; readonly limit: number },
  ): Promise<DeploymentPage> {
    const { text, values, scanned } = pageQuery(filter, after, limit)
    // Planned anew each time: which index is best depends on the values.
    const [found] = await database.query<Found>({ name: '', text }, values)
    const ids = found?.ids ?? []
    const deployments = await byIds(database, ids.slice(0, limit))
    const last = deployments.at(-1)
    if (ids.length > limit && last) return { deployments, next: { at: last.createdAt, id: last.id } }
    const more = found && found.scanned >= scanned && found.last_at && found.last_id
    return { deployments, next: more ? { at: found.last_at, id: found.last_id } : null }
  },
})

async function byIds(database: Database, ids: readonly string[]): Promise<Deployment[]> {
  if (ids.length === 0) return []
  const rows = await database.query<{ record: DeploymentRow }>(records, [ids])
  const found = new Map(rows.map(({ record }) => [record.id, deploymentFrom(record)]))
  return ids.flatMap((id) => found.get(id) ?? [])
}

/** @returns how many candidates the query looks at: where there are as many, there may be more */
export function pageQuery(
  { apps, states, triggers, tag, actor, since, until }: DeploymentFilter,
  after: DeploymentPosition | undefined,
  limit: number,
): { text: string; values: unknown[]; scanned: number } {
  const values: unknown[] = []
  const value = (given: unknown) => `$${values.push(given)}`

  // The narrowest index that fits leads; what it does not answer is left to be looked at.
  const leading: string[] = []
  const left: string[] = []
  const keys: string[] = []
  const lead = (column: string, type: string, given: readonly string[]) => {
    const key = `k${keys.length}`
    keys.push(`unnest(${value(given)}::${type}[]) AS ${key}(value)`)
    leading.push(`d.${column} = ${key}.value`)
  }
  const leave = (column: string, type: string, given: readonly string[]) =>
    left.push(`c.${column} = ANY(${value(given)}::${type}[])`)
  if (apps) lead('app_id', 'uuid', apps)
  if (states) lead('state', 'text', states)
  const led = keys.length > 0
  if (triggers) (led ? leave : lead)('trigger', 'text', triggers)
  if (actor !== undefined) (led || triggers ? leave : lead)('actor', 'text', [actor])
  if (tag !== undefined) left.push(`strpos(lower(r.tag), lower(${value(tag)})) > 0`)

  if (since) leading.push(`d.created_at >= ${value(since)}`)
  if (until) leading.push(`d.created_at < ${value(until)}`)
  if (after) leading.push(`(d.created_at, d.id) < (${value(after.at)}, ${value(after.id)}::uuid)`)

  const scanned = left.length > 0 ? scan : limit + 1
  const where = leading.length > 0 ? `WHERE ${leading.join(' AND ')}` : ''
  const newest = `
    SELECT d.id, d.release_id, d.trigger, d.actor, d.created_at FROM deployments d ${where}
    ORDER BY d.created_at DESC, d.id DESC LIMIT ${scanned}`
  const from = keys.length === 0 ? `(${newest}) n` : `${keys.join(', ')}, LATERAL (${newest}) n`
  const text = `
    WITH candidates AS MATERIALIZED (
      SELECT n.* FROM ${from} ORDER BY n.created_at DESC, n.id DESC LIMIT ${scanned}
    ),
    matched AS (
      SELECT c.id, c.created_at FROM candidates c ${tag === undefined ? '' : 'JOIN releases r ON r.id = c.release_id'}
      ${left.length > 0 ? `WHERE ${left.join(' AND ')}` : ''}
      ORDER BY c.created_at DESC, c.id DESC LIMIT ${limit + 1}
    ),
    last AS (SELECT created_at, id FROM candidates ORDER BY created_at, id LIMIT 1)
    SELECT (SELECT array_agg(m.id ORDER BY m.created_at DESC, m.id DESC) FROM matched m) AS ids,
      (SELECT count(*)::int FROM candidates) AS scanned,
      (SELECT created_at FROM last) AS last_at, (SELECT id FROM last) AS last_id`
  return { text, values, scanned }
}
