/** Every app at a glance, and which of them one looks for. */
import type { Deployment, Slot } from '@tagship/domain'
import type { AppRecord } from '@tagship/engine'
import type { Database } from './database.ts'
import { type AppRow, appFrom } from './records/app.ts'
import { activeList, type DeploymentRow, deploymentFrom } from './records/deployment.ts'

export interface OverviewFilter {
  /** Ids of the apps that may be seen; null: every app. */
  readonly apps: readonly string[] | null
  /** Part of the name, of a host, or of the live tag; upper and lower case are one. */
  readonly text?: string | undefined
  readonly show: 'all' | 'underWay' | 'held' | 'alerting'
  /** Apps that are alerting for a reason that no row tells. */
  readonly alerting: readonly string[]
}

export interface OverviewCounts {
  readonly apps: number
  readonly live: number
  readonly underWay: number
  readonly held: number
  readonly alerting: number
  readonly matching: number
}

/** A deployment that holds a slot, and how many of its instances take traffic. */
export interface SlotHolder {
  readonly deployment: Deployment
  readonly slot: Slot
  readonly targets: number
  /** Until when it stays warm, where it was replaced. */
  readonly warmUntil: Date | null
}

const situations = `
  SELECT a.id, a.name, a.serving_deployment_id IS NOT NULL AS live, a.held_at IS NOT NULL AS held,
    EXISTS (SELECT FROM deployments d WHERE d.app_id = a.id AND d.state IN (${activeList})) AS under_way,
    a.poll_error IS NOT NULL OR a.id = ANY($3::uuid[])
      OR EXISTS (SELECT FROM deployments h WHERE h.app_id = a.id AND h.number = a.deployment_count
        AND h.trigger = 'heal' AND h.state = 'failed') AS alerting,
    $2::text IS NULL OR strpos(a.name, $2) > 0
      OR EXISTS (SELECT FROM hosts h WHERE h.app_id = a.id AND strpos(h.name, $2) > 0)
      OR EXISTS (SELECT FROM deployments d JOIN releases r ON r.id = d.release_id
        WHERE d.id = a.serving_deployment_id AND strpos(lower(r.tag), $2) > 0) AS matching
  FROM apps a WHERE a.removed_at IS NULL AND ($1::uuid[] IS NULL OR a.id = ANY($1))`

/** One look at all apps, of which there are as many as the router has places. */
const page = {
  name: 'overview-page',
  text: `
    WITH s AS MATERIALIZED (${situations}),
    m AS (
      SELECT id, name FROM s WHERE matching AND CASE $4 WHEN 'underWay' THEN under_way WHEN 'held' THEN held
        WHEN 'alerting' THEN alerting ELSE true END
    )
    SELECT
      (SELECT jsonb_build_object('apps', count(*), 'live', count(*) FILTER (WHERE live),
        'underWay', count(*) FILTER (WHERE under_way), 'held', count(*) FILTER (WHERE held),
        'alerting', count(*) FILTER (WHERE alerting), 'matching', (SELECT count(*) FROM m)) FROM s) AS counts,
      (SELECT coalesce(jsonb_agg(to_jsonb(a) ORDER BY a.name COLLATE "C"), '[]') FROM app_records a
        WHERE a.id IN (SELECT id FROM m WHERE $5::text IS NULL OR m.name COLLATE "C" > $5
          ORDER BY m.name COLLATE "C" LIMIT $6)) AS apps`,
}

const whereTagsMoved = {
  name: 'apps-where-tags-moved',
  text: `
    SELECT to_jsonb(a) AS record FROM app_records a WHERE a.removed_at IS NULL
      AND a.id IN (SELECT t.app_id FROM tags t WHERE t.moved_to IS NOT NULL AND t.deleted_at IS NULL)`,
}

const holders = {
  name: 'slot-holders',
  text: `
    SELECT to_jsonb(d) AS record, d.slot, d.warm_until,
      (SELECT count(*)::int FROM instances i WHERE i.deployment_id = d.id AND i.removed_at IS NULL
        AND i.port IS NOT NULL) AS targets
    FROM deployment_records d
    WHERE d.slot IS NOT NULL AND d.id IN (
      SELECT c.id FROM deployments c WHERE c.app_id = ANY($1) AND (c.state IN (${activeList}) OR c.state = 'live')
      UNION ALL SELECT w.id FROM deployments w WHERE w.app_id = ANY($1) AND w.warm_until IS NOT NULL
    )
    ORDER BY d.number`,
}

interface PageRow extends Record<string, unknown> {
  readonly counts: OverviewCounts
  readonly apps: readonly AppRow[]
}

interface HolderRow extends Record<string, unknown> {
  readonly record: DeploymentRow
  readonly slot: Slot
  readonly warm_until: Date | null
  readonly targets: number
}

export const overviews = (database: Database) => ({
  /** In the order of their names; `after` is the last name of the page before. */
  async overview(
    { apps, text, show, alerting }: OverviewFilter,
    { after, limit }: { readonly after?: string | undefined; readonly limit: number },
  ): Promise<{ apps: AppRecord[]; counts: OverviewCounts }> {
    const values = [apps, text?.toLowerCase() ?? null, alerting, show, after ?? null, limit]
    const [row] = await database.query<PageRow>(page, values)
    if (!row) throw new Error('an aggregate has one row')
    return { apps: row.apps.map(appFrom), counts: row.counts }
  },

  /** Apps that have a tag which is somewhere else than it was first. */
  async appsWhereTagsMoved(): Promise<AppRecord[]> {
    const rows = await database.query<{ record: AppRow }>(whereTagsMoved)
    return rows.map(({ record }) => appFrom(record))
  },

  /** What is in the slots of these apps; of two in one slot, the older first. */
  async slotHolders(appIds: readonly string[]): Promise<SlotHolder[]> {
    const rows = await database.query<HolderRow>(holders, [appIds])
    return rows.map(({ record, slot, warm_until, targets }) => ({
      deployment: deploymentFrom(record),
      ...{ slot, targets, warmUntil: warm_until },
    }))
  },
})
