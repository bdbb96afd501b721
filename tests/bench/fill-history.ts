/**
 * A long history in little time: SQL makes the rows, with everything that the tables ask of them but the chain of
 * hashes, which nobody verifies here.
 */
import pg from 'pg'

export interface HistorySize {
  readonly apps: number
  readonly deployments: number
}

/** Deployments of one statement: a time-out, or a full disk, costs no more than these. */
const batch = 100_000
/** What the whole history covers. */
const days = 730

/** A UUID of version 8 (RFC 9562), the same for the same text. */
function idOf(text: string): string {
  return `overlay(overlay(md5(${text}) placing '8' from 13) placing '8' from 17)::uuid`
}

const makeApps = `
  INSERT INTO apps (id, name, seat, created_at, release_count, deployment_count)
  SELECT ${idOf(`'app' || n`)}, 'app-' || n, n, now() - interval '${days} days', 0, 0 FROM generate_series(1, $1::int) n;`
const makeHosts = `
  INSERT INTO hosts (name, app_id, position)
  SELECT 'app-' || n || '.test', ${idOf(`'app' || n`)}, 0 FROM generate_series(1, $1::int) n;`
const makeRevisions = `
  INSERT INTO revisions (id, app_id, number, manifest, hash)
  SELECT ${idOf(`'rev' || n`)}, ${idOf(`'app' || n`)}, 1, '{}', repeat('0', 64) FROM generate_series(1, $1::int) n;`

/** `n` counts over all apps, oldest first; app and number within it follow from it. */
const numbered = `
  SELECT n, (n - 1) % $1::int + 1 AS app, (n - 1) / $1::int + 1 AS number,
    now() - interval '1 minute' - ($2::int - n) * (interval '${days} days' / $2::int) AS at
  FROM generate_series($3::int, $4::int) n`

const makeReleases = `
  INSERT INTO releases (id, app_id, number, tag, commit, image_digest, image_bytes, revision_id, created_at)
  SELECT ${idOf(`'rel' || n`)}, ${idOf(`'app' || app`)}, number, 'v' || number / 100 || '.' || number % 100 || '.0',
    md5('c' || n) || left(md5('d' || n), 8), 'sha256:' || md5('i' || n) || md5('j' || n), 50000000 + number % 1000 * 1000,
    ${idOf(`'rev' || app`)}, at
  FROM (${numbered}) x`

const makeCommits = `
  INSERT INTO commits (app_id, sha, subject, author, committed_at)
  SELECT ${idOf(`'app' || app`)}, md5('c' || n) || left(md5('d' || n), 8), 'Change ' || number, 'Anna',
    at - (n % 500) * interval '1 minute'
  FROM (${numbered}) x`

/** The last of each app is live; of the others one in twelve failed, one in forty was rolled back. */
const makeDeployments = `
  INSERT INTO deployments (id, app_id, number, release_id, state, state_since, slot, trigger, actor, failure_phase,
    failure_code, failure_message, created_at, started_at, serving_at, finished_at, retired_at)
  SELECT ${idOf(`'dep' || n`)}, ${idOf(`'app' || app`)}, number, ${idOf(`'rel' || n`)}, state, at,
    CASE WHEN state = 'failed' THEN NULL WHEN number % 2 = 0 THEN 'blue' ELSE 'green' END,
    CASE WHEN n % 50 = 0 THEN 'rollback' WHEN n % 5 = 0 THEN 'manual' ELSE 'tag' END, 'actor-' || n % 97,
    CASE state WHEN 'failed' THEN 'building' WHEN 'rolledBack' THEN 'baking' END,
    CASE state WHEN 'failed' THEN 'build.failed' WHEN 'rolledBack' THEN 'bake.unhealthy' END,
    CASE WHEN state IN ('failed', 'rolledBack') THEN 'it went wrong' END,
    at, at + interval '1 second', CASE WHEN state <> 'failed' THEN at + interval '20 seconds' END,
    at + interval '80 seconds', CASE WHEN state = 'retired' THEN at + interval '1 day' END
  FROM (
    SELECT *, CASE WHEN n > $2::int - $1::int THEN 'live' WHEN n % 12 = 0 THEN 'failed' WHEN n % 40 = 0 THEN 'rolledBack'
      ELSE 'retired' END AS state
    FROM (${numbered}) x
  ) y`

/** Three of the ten that a deployment has: as many as tell its phases. */
const makeEvents = `
  INSERT INTO events (app_id, seq, deployment_id, type, from_state, to_state, actor, duration_ms, at, previous_hash, hash)
  SELECT ${idOf(`'app' || app`)}, (number - 1) * 3 + step, ${idOf(`'dep' || n`)}, type, from_state, to_state, 'tagship',
    ms + n % 1000, at + step * interval '1 second', repeat('0', 64), repeat('0', 64)
  FROM (${numbered}) x, (VALUES (1, 'created', NULL, 'queued', NULL), (2, 'claimed', 'queued', 'building', 1000),
    (3, 'built', 'building', 'releasing', 8000)) s(step, type, from_state, to_state, ms)
  ORDER BY n, step`

const makeAudit = `
  INSERT INTO audit (at, actor, action, app, outcome)
  SELECT at, 'actor-' || n % 97, 'deploy', 'app-' || app, CASE WHEN n % 300 = 0 THEN 'refused' ELSE 'done' END
  FROM (${numbered}) x`

const plainIndexes = `
  SELECT indexname AS name, indexdef AS definition FROM pg_indexes
  WHERE schemaname = current_schema() AND tablename IN ('releases', 'deployments', 'events', 'audit')
    AND indexdef LIKE 'CREATE INDEX %'`

const settle = `
  UPDATE apps a SET deployment_count = last.number, release_count = last.number, serving_deployment_id = last.id,
    live_slot = last.slot, event_seq = last.number * 3
  FROM (SELECT app_id, id, number, slot FROM deployments WHERE state = 'live') last WHERE a.id = last.app_id`

export async function fillHistory(url: string, { apps, deployments }: HistorySize): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    // Notifications, and the order of ids, are for readers that are not there yet; what a row has to be is kept.
    for (const table of ['deployments', 'events'])
      await client.query(`ALTER TABLE ${table} DISABLE TRIGGER USER`)
    await client.query(
      `SET synchronous_commit = off; SET maintenance_work_mem = '256MB'; SET work_mem = '64MB'`,
    )
    // Made at the end in one go; those that hold a constraint stay.
    const { rows: indexes } = await client.query<{ name: string; definition: string }>(plainIndexes)
    for (const { name } of indexes) await client.query(`DROP INDEX ${client.escapeIdentifier(name)}`)
    for (const text of [makeApps, makeHosts, makeRevisions]) await client.query(text, [apps])
    for (let from = 1; from <= deployments; from += batch) {
      const values = [apps, deployments, from, Math.min(deployments, from + batch - 1)]
      for (const text of [makeReleases, makeCommits, makeDeployments, makeEvents, makeAudit]) {
        await client.query(text, values)
      }
      process.stderr.write(`history: ${values[3]} deployments\n`)
    }
    for (const { definition } of indexes) await client.query(definition)
    await client.query(settle)
    for (const table of ['deployments', 'events'])
      await client.query(`ALTER TABLE ${table} ENABLE TRIGGER USER`)
    await client.query('VACUUM ANALYZE')
  } finally {
    await client.end()
  }
}
