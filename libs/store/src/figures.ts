/** Figures of a window of time, from the history (docs/guides/figures.md says what each of them means). */
import type { Database, Session, Statement } from './database.ts'

export interface Spread {
  /** Null where there is no sample. */
  readonly p50: number | null
  readonly p95: number | null
  readonly samples: number
}

export interface Figures {
  readonly served: number
  readonly failures: number
  readonly restore: Spread
  readonly lead: Spread
  readonly ended: number
  readonly succeeded: number
  readonly toServing: Spread
  readonly phases: readonly ({ readonly name: string } & Spread)[]
  readonly days: readonly {
    readonly day: string
    readonly served: number
    readonly failed: number
    readonly rolledBack: number
  }[]
  readonly imageSizes: readonly { readonly release: number; readonly at: Date; readonly bytes: number }[]
  readonly imageBytes: Spread
}

/** Of a longer window, durations are taken from so many deployments, the newest. */
const newest = 5_000
/** Sizes that are told one by one. */
const sizesShown = 50

const inWindow = '($1::uuid IS NULL OR d.app_id = $1)'

function spreadOf(value: string): string {
  const at = (share: number) => `round(percentile_cont(${share}) WITHIN GROUP (ORDER BY ${value}))::float8`
  return `${at(0.5)} AS p50, ${at(0.95)} AS p95, count(${value})::int AS samples`
}

/** A change is what somebody wanted users to have: not a rollback, and not the same once more. */
const isChange = `d.trigger IN ('tag', 'manual', 'config')`

/**
 * A change failed where its bake sent it back, or where the next thing that served was a rollback. It was restored
 * when the route had turned back, or the rollback served.
 */
const changes = {
  name: 'figures-changes',
  // One pass: what served next is the next row of the app.
  text: `
    WITH served AS (
      SELECT d.id, d.state, d.trigger, d.serving_at, lead(d.trigger) OVER next AS next_trigger,
        lead(d.serving_at) OVER next AS next_serving_at
      FROM deployments d WHERE d.serving_at >= $2 AND ${inWindow} AND d.trigger <> 'heal'
      WINDOW next AS (PARTITION BY d.app_id ORDER BY d.number)
    ),
    judged AS (
      SELECT d.*, d.state IN ('rolledBack', 'evicting', 'reverting') AS reverted FROM served d
      WHERE d.serving_at < $3 AND ${isChange}
    ),
    ended AS (
      SELECT serving_at, reverted OR coalesce(next_trigger = 'rollback', false) AS failed,
        CASE WHEN reverted THEN (SELECT min(e.at) FROM events e WHERE e.deployment_id = j.id AND e.type = 'reverted')
          WHEN next_trigger = 'rollback' THEN next_serving_at END AS restored_at
      FROM judged j
    )
    SELECT count(*)::int AS served, count(*) FILTER (WHERE failed)::int AS failures,
      ${spreadOf('extract(epoch FROM restored_at - serving_at) * 1000')}
    FROM ended`,
}

/** To the first time that the commit served; a commit that was not fetched yet has no time. */
const lead = {
  name: 'figures-lead-time',
  text: `
    WITH served AS MATERIALIZED (
      SELECT d.app_id, d.number, d.serving_at, r.commit FROM deployments d JOIN releases r ON r.id = d.release_id
      WHERE d.serving_at >= $2 AND d.serving_at < $3 AND ${inWindow} AND d.trigger IN ('tag', 'manual')
      ORDER BY d.serving_at DESC LIMIT ${newest}
    )
    SELECT ${spreadOf('greatest(0, extract(epoch FROM first.serving_at - c.committed_at) * 1000)')}
    FROM (SELECT app_id, commit, min(serving_at) AS serving_at FROM served GROUP BY 1, 2) first
    JOIN commits c ON c.app_id = first.app_id AND c.sha = first.commit`,
}

const outcomes = {
  name: 'figures-outcomes',
  text: `
    SELECT to_char(d.finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day,
      count(*) FILTER (WHERE d.state IN ('live', 'retired'))::int AS served,
      count(*) FILTER (WHERE d.state = 'failed')::int AS failed,
      count(*) FILTER (WHERE d.state = 'rolledBack')::int AS "rolledBack"
    FROM deployments d
    WHERE d.finished_at >= $2 AND d.finished_at < $3 AND ${inWindow} AND d.state <> 'canceled'
    GROUP BY 1 ORDER BY 1`,
}

const sample = `
  SELECT d.id, d.created_at, d.serving_at FROM deployments d
  WHERE d.created_at >= $2 AND d.created_at < $3 AND ${inWindow}
  ORDER BY d.created_at DESC LIMIT ${newest}`

const phases = {
  name: 'figures-phases',
  text: `
    SELECT e.from_state AS name, ${spreadOf('e.duration_ms')}
    FROM (${sample}) s JOIN events e ON e.deployment_id = s.id
    WHERE e.from_state IS NOT NULL AND e.from_state <> 'live' AND e.duration_ms IS NOT NULL GROUP BY 1`,
}

const toServing = {
  name: 'figures-to-serving',
  text: `
    SELECT ${spreadOf('extract(epoch FROM s.serving_at - s.created_at) * 1000')} FROM (${sample}) s`,
}

const imageBytes = {
  name: 'figures-image-bytes',
  text: `
    SELECT ${spreadOf('r.image_bytes')} FROM (
      SELECT DISTINCT d.release_id FROM (
        SELECT d.release_id FROM deployments d
        WHERE d.created_at >= $2 AND d.created_at < $3 AND ${inWindow} ORDER BY d.created_at DESC LIMIT ${newest}
      ) d
    ) one JOIN releases r ON r.id = one.release_id`,
}

const imageSizes = {
  name: 'figures-image-sizes',
  text: `
    SELECT r.number AS release, r.created_at AS at, r.image_bytes::float8 AS bytes FROM releases r
    WHERE r.app_id = $1 AND r.image_bytes IS NOT NULL ORDER BY r.number DESC LIMIT ${sizesShown}`,
}

export const figures = (database: Database) => ({
  /** @param appId null: over all apps */
  async readFigures(appId: string | null, since: Date, until: Date): Promise<Figures> {
    const values = [appId, since, until]
    const one = async <Row>(statement: Statement) => {
      const [row] = await database.query<Row & Record<string, unknown>>(anew(statement), values)
      if (!row) throw new Error('an aggregate has one row')
      return row as Row
    }
    const all = <Row>(statement: Statement) =>
      database.query<Row & Record<string, unknown>>(anew(statement), values)
    const [changed, days] = await Promise.all([
      one<Spread & { served: number; failures: number }>(changes),
      all<Figures['days'][number]>(outcomes),
    ])
    const sum = (of: 'served' | 'failed' | 'rolledBack') => days.reduce((total, day) => total + day[of], 0)
    const { served, failures, ...restore } = changed
    return {
      ...{ served, failures, restore, days },
      ended: sum('served') + sum('failed') + sum('rolledBack'),
      succeeded: sum('served'),
      lead: await one<Spread>(lead),
      toServing: await one<Spread>(toServing),
      phases: await all<Figures['phases'][number]>(phases),
      imageBytes: await one<Spread>(imageBytes),
      imageSizes: appId === null ? [] : (await sizesOf(database, appId)).reverse(),
    }
  },
})

/** How many rows there are in a window depends on the window: no plan is good for all of them. */
function anew({ text }: Statement): Statement {
  return { name: '', text }
}

function sizesOf(session: Session, appId: string) {
  return session.query<Figures['imageSizes'][number] & Record<string, unknown>>(imageSizes, [appId])
}
