/** What the rows of an app say, against what its events say. */
import { settledStates } from '@tagship/domain'
import type { Session } from '../database.ts'

const time = (column: string) => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

/** Only what an event of this version tells is compared: `coalesce` passes over what older ones left out. */
const findDifference = {
  name: 'verify-deployments',
  text: `
    SELECT d.number, field.name, field.row, field.told
    FROM deployments d
    JOIN releases r ON r.id = d.release_id
    LEFT JOIN revisions v ON v.id = r.revision_id
    CROSS JOIN LATERAL (
      SELECT
        (array_agg(e.to_state ORDER BY e.seq DESC) FILTER (WHERE e.to_state IS NOT NULL))[1] AS state,
        min(e.at) FILTER (WHERE e.type = 'created') AS created_at,
        min(e.at) FILTER (WHERE e.to_state = 'building') AS started_at,
        min(e.at) FILTER (WHERE e.type = 'switched') AS serving_at,
        min(e.at) FILTER (WHERE e.to_state = ANY($2)) AS finished_at,
        min(e.at) FILTER (WHERE e.to_state = 'retired') AS retired_at,
        max(e.actor) FILTER (WHERE e.type = 'created') AS actor,
        max(e.reason) FILTER (WHERE e.type = 'created') AS reason,
        (array_agg(e.detail ORDER BY e.seq) FILTER (WHERE e.type = 'created'))[1] AS created,
        (array_agg(e.detail ORDER BY e.seq) FILTER (WHERE e.type = 'built'))[1] AS built,
        (array_agg(e.detail ORDER BY e.seq) FILTER (WHERE e.type = 'switched'))[1] AS switched,
        (array_agg(e.detail->'failure' ORDER BY e.seq DESC) FILTER (WHERE e.detail ? 'failure'))[1] AS failure
      FROM events e WHERE e.deployment_id = d.id AND e.app_id = d.app_id
    ) told
    CROSS JOIN LATERAL (VALUES
      ('state', d.state, told.state),
      ('createdAt', ${time('d.created_at')}, ${time('told.created_at')}),
      ('startedAt', ${time('d.started_at')}, ${time('told.started_at')}),
      ('servingAt', ${time('d.serving_at')}, ${time('told.serving_at')}),
      ('finishedAt', ${time('d.finished_at')}, ${time('told.finished_at')}),
      ('retiredAt', ${time('d.retired_at')}, ${time('told.retired_at')}),
      ('actor', d.actor, told.actor),
      ('reason', d.reason, told.reason),
      ('number', d.number::text, told.created->>'number'),
      ('trigger', d.trigger, told.created->>'trigger'),
      ('release', r.number::text, coalesce(told.created->>'release', r.number::text)),
      ('commit', r.commit, coalesce(told.built->>'commit', told.created->>'commit', r.commit)),
      ('tag', r.tag, coalesce(told.created->>'tag', r.tag)),
      ('imageDigest', r.image_digest, coalesce(told.built->>'imageDigest', r.image_digest)),
      ('revision', v.number::text, coalesce(told.built->>'revision', v.number::text)),
      ('slot', d.slot, coalesce(told.switched->>'slot', d.slot)),
      ('failure.code', d.failure_code, told.failure->>'code'),
      ('failure.message', d.failure_message, told.failure->>'message')
    ) AS field(name, row, told)
    WHERE d.app_id = $1 AND field.row IS DISTINCT FROM field.told
    ORDER BY d.number LIMIT 1`,
}

/** Numbers are given out one after the other, and no row ever goes. */
const findGap = {
  name: 'verify-numbers',
  text: `
    SELECT kind, counted, present FROM (
      SELECT 1 AS place, 'deployments' AS kind, deployment_count AS counted,
        (SELECT count(*)::int FROM deployments WHERE app_id = a.id AND number <= deployment_count) AS present
      FROM apps a WHERE id = $1
      UNION ALL
      SELECT 2, 'releases', release_count,
        (SELECT count(*)::int FROM releases WHERE app_id = a.id AND number <= release_count)
      FROM apps a WHERE id = $1
    ) kinds WHERE counted <> present ORDER BY place LIMIT 1`,
}

const findOrphan = {
  name: 'verify-subjects',
  text: `
    SELECT e.seq FROM events e
    WHERE e.app_id = $1 AND e.deployment_id IS NOT NULL
      AND NOT EXISTS (SELECT FROM deployments d WHERE d.id = e.deployment_id AND d.app_id = $1)
    ORDER BY e.seq LIMIT 1`,
}

/** What serves is the deployment whose switch stands; else the live one. */
const findServing = {
  name: 'verify-serving',
  text: `
    SELECT a.serving_deployment_id AS row, a.live_slot AS slot, s.number, s.slot AS told_slot
    FROM apps a
    LEFT JOIN LATERAL (
      SELECT d.id, d.number, d.slot FROM deployments d
      WHERE d.app_id = a.id AND d.state IN ('draining', 'baking', 'reverting', 'live')
      ORDER BY d.state = 'live' LIMIT 1
    ) s ON true
    WHERE a.id = $1
      AND (a.serving_deployment_id IS DISTINCT FROM s.id OR a.live_slot IS DISTINCT FROM s.slot)`,
}

/** In words; null where all agree. The events have been proven before. */
export async function findContradiction(session: Session, appId: string): Promise<string | null> {
  const [gap] = await session.query<{ kind: string; counted: number; present: number }>(findGap, [appId])
  if (gap) return `${gap.counted} ${gap.kind} were made, and ${gap.present} of them are there`
  const [orphan] = await session.query<{ seq: number }>(findOrphan, [appId])
  if (orphan) return `the deployment that event ${orphan.seq} tells of is gone`
  const [difference] = await session.query<Difference>(findDifference, [appId, settledStates])
  if (difference) {
    const { number, name, row, told } = difference
    return `deployment ${number} has ${name} ${row ?? 'nothing'}, and its events say ${told ?? 'nothing'}`
  }
  const [serving] = await session.query<{ number: number | null }>(findServing, [appId])
  if (!serving) return null
  return serving.number === null
    ? 'the app has a serving deployment, and its events tell of none'
    : `by its events deployment ${serving.number} serves; the app's row says otherwise`
}

type Difference = Record<'name', string> & Record<'row' | 'told', string | null> & { number: number }
