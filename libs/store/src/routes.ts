/** What the router should know, from the rows alone. */
import {
  activeStates,
  type DeploymentState,
  parseAppName,
  parseHostName,
  type RuntimeName,
  type Slot,
} from '@tagship/domain'
import type { Route, RouteTarget } from '@tagship/engine'
import type { Database } from './database.ts'

/** States whose step moves the traffic. */
const turningStates: readonly DeploymentState[] = ['switching', 'reverting']

const findRoutes = {
  name: 'find-routes',
  // Only `web` is routed from outside. A place in a slot is held by what is under way, live or still warm.
  text: `
    SELECT a.seat, a.name AS app, a.hosts,
      CASE WHEN s.id IS NULL OR s.runtime = $3 THEN a.live_slot ELSE l.slot END AS live,
      (SELECT coalesce(max(d.fence), 0)::text FROM deployments d WHERE d.app_id = a.id) AS fence,
      u.slot AS "underWay", coalesce(u.state = ANY($2), false) AS turning,
      (SELECT coalesce(jsonb_agg(jsonb_build_object('slot', i.slot, 'name', i.name, 'address', i.address,
          'port', i.port) ORDER BY i.ordinal), '[]')
        FROM instances i JOIN deployments d ON d.id = i.deployment_id
        WHERE d.app_id = a.id AND d.runtime = $3 AND i.removed_at IS NULL AND i.process = 'web'
          AND i.address IS NOT NULL AND i.port IS NOT NULL
          AND (d.state = ANY($1) OR d.state = 'live' OR d.warm_until > now())) AS targets
    FROM app_records a
    LEFT JOIN deployments s ON s.id = a.serving_deployment_id
    LEFT JOIN deployments u ON u.app_id = a.id AND u.state = ANY($1) AND u.runtime = $3
    -- What an app that has left goes on serving here for a while.
    LEFT JOIN LATERAL (
      SELECT d.slot FROM deployments d
      WHERE d.app_id = a.id AND d.runtime = $3 AND s.runtime <> $3 AND (d.state = 'live' OR d.warm_until IS NOT NULL)
      ORDER BY d.number DESC LIMIT 1
    ) l ON true
    WHERE a.removed_at IS NULL AND (a.runtime = $3 OR s.runtime = $3 OR u.id IS NOT NULL OR l.slot IS NOT NULL)
    ORDER BY a.seat`,
}

interface RouteRow {
  readonly seat: number
  readonly app: string
  readonly hosts: readonly string[]
  readonly live: Slot | null
  readonly fence: string
  /** Of the one active deployment. */
  readonly underWay: Slot | null
  readonly turning: boolean
  readonly targets: readonly (RouteTarget & { readonly slot: Slot })[]
}

export const routes = (database: Database) => ({
  async routes(runtime: RuntimeName): Promise<Route[]> {
    const rows = await database.query<RouteRow & Record<string, unknown>>(findRoutes, [
      activeStates,
      turningStates,
      runtime,
    ])
    return rows.map((row) => ({
      seat: row.seat,
      app: parseAppName(row.app),
      hosts: row.hosts.map(parseHostName),
      live: row.live,
      targets: { blue: inSlot(row, 'blue'), green: inSlot(row, 'green') },
      fence: BigInt(row.fence),
      filling: row.underWay === row.live ? null : row.underWay,
      turning: row.turning,
    }))
  },
})

function inSlot({ targets }: RouteRow, slot: Slot): RouteTarget[] {
  return targets
    .filter((target) => target.slot === slot)
    .map(({ name, address, port }) => ({ name, address, port }))
}
