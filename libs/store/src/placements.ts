/** Where apps are on clusters. */
import { parseAppName, parseHostName } from '@tagship/domain'
import type { Placement, PlacementQuery } from '@tagship/engine'
import type { Database } from './database.ts'
import { activeList } from './records/deployment.ts'

const find = {
  name: 'find-placements',
  // An app that was removed has lost its hosts, and one that has moved may have left something behind.
  text: `
    SELECT a.name AS app, a.seat, a.cluster, a.namespace,
      ARRAY(SELECT h.name FROM hosts h WHERE h.app_id = a.id ORDER BY h.position) AS hosts
    FROM apps a
    WHERE a.gone_at IS NULL
      AND ($1::text IS NULL OR a.name = $1) AND ($2::int IS NULL OR a.seat = $2)
      AND ($3::text IS NULL OR EXISTS (SELECT FROM hosts h WHERE h.app_id = a.id AND h.name = $3))
      AND (a.runtime = 'kubernetes' OR EXISTS (
        SELECT FROM deployments d WHERE d.app_id = a.id AND d.runtime = 'kubernetes'
          AND (d.state IN (${activeList}) OR d.state = 'live' OR d.warm_until IS NOT NULL OR a.removed_at IS NOT NULL)))
    ORDER BY a.seat`,
}

interface Row extends Record<string, unknown> {
  readonly app: string
  readonly seat: number
  readonly cluster: string | null
  readonly namespace: string | null
  readonly hosts: readonly string[]
}

export const placements = (database: Database) => ({
  async placements(wanted: PlacementQuery): Promise<Placement[]> {
    const {
      app = null,
      seat = null,
      host = null,
    } = wanted as Partial<Record<'app' | 'seat' | 'host', string>>
    const rows = await database.query<Row>(find, [app, seat, host])
    return rows.map((row) => ({
      app: parseAppName(row.app),
      seat: row.seat,
      hosts: row.hosts.map(parseHostName),
      cluster: row.cluster,
      namespace: row.namespace ?? `tagship-${row.app}`,
    }))
  },
})
