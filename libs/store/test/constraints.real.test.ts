/** Wrong states are refused by the database, whoever writes them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deployTag, digest, driveTo, newApp, openTestStore, type TestStore } from './fixtures.ts'

let test: TestStore
let ids: { app: string; live: string; release: string }

beforeAll(async () => {
  test = await openTestStore()
  const app = await newApp(test.store, 'shop')
  const live = await deployTag(test.store, app, 'v1.0.0')
  await driveTo(test.store, live.id, 'live')
  await test.store.appendAudit({ actor: 'anna', action: 'deploy', app: 'shop', outcome: 'done', detail: {} })
  ids = { app: app.id, live: live.id, release: live.releaseId }
})
afterAll(() => test[Symbol.asyncDispose]())

/** $APP, $LIVE and $RELEASE stand for the ids. */
function run(text: string): Promise<unknown[]> {
  const filled = text
    .replaceAll('$APP', `'${ids.app}'`)
    .replaceAll('$LIVE', `'${ids.live}'`)
    .replaceAll('$RELEASE', `'${ids.release}'`)
  return test.sql(filled)
}

const another = (state: string, more = '') => `
  INSERT INTO deployments (id, app_id, number, release_id, trigger, actor, state, slot, serving_at, finished_at)
  VALUES (gen_random_uuid(), $APP, 100 + (random() * 1e6)::int, $RELEASE, 'tag', 'x', '${state}', 'blue', now(),
    ${state === 'live' ? 'now()' : 'NULL'}) ${more}`

describe('history', () => {
  it.each(['events', 'audit'])('%s is never changed, deleted or truncated', async (table) => {
    for (const text of [`UPDATE ${table} SET actor = 'eve'`, `DELETE FROM ${table}`, `TRUNCATE ${table}`]) {
      await expect(run(text), text).rejects.toMatchObject({ code: '23000' })
    }
    await expect(run('TRUNCATE apps CASCADE')).rejects.toMatchObject({ code: '23000' })
  })

  it.each([
    ['UPDATE revisions SET number = 9', /never changed/],
    ['DELETE FROM revisions', /never removed/],
    ['DELETE FROM releases', /never removed/],
    [`UPDATE releases SET commit = repeat('b', 40)`, /immutable/],
    [`UPDATE releases SET tag = 'v9'`, /immutable/],
    ['UPDATE releases SET number = 9', /immutable/],
    [`UPDATE releases SET image_digest = 'sha256:' || repeat('0', 64)`, /immutable/],
    ['UPDATE releases SET image_digest = NULL', /immutable/],
    ['UPDATE releases SET image_bytes = 1', /immutable/],
    [`UPDATE releases SET build_key = repeat('0', 64)`, /immutable/],
    ['UPDATE releases SET revision_id = NULL', /immutable/],
  ])('%s is refused', async (text, message) => {
    await expect(run(text)).rejects.toMatchObject({ code: '23000', message: expect.stringMatching(message) })
  })

  it('a release may be written again as it is', async () => {
    await run(`UPDATE releases SET image_digest = '${digest}' WHERE id = $RELEASE`)
  })
})

describe('one place each', () => {
  it.each([
    ['live', 'deployments_one_live'],
    ['queued', 'deployments_one_queued'],
    ['building', 'deployments_one_active'],
    ['evicting', 'deployments_one_active'],
  ])('there is one deployment in %s', async (state, constraint) => {
    await test.sql('BEGIN')
    try {
      if (state !== 'live') await run(another(state))
      await expect(run(another(state))).rejects.toMatchObject({ code: '23505', constraint })
    } finally {
      await test.sql('ROLLBACK')
    }
  })

  it.each([
    [`INSERT INTO apps (id, name, seat) VALUES (gen_random_uuid(), 'shop', 77)`, 'apps_name_key'],
    [
      `INSERT INTO apps (id, name, seat) SELECT gen_random_uuid(), 'x1', seat FROM apps WHERE id = $APP`,
      'apps_seat_key',
    ],
    [`INSERT INTO hosts (name, app_id, position) VALUES ('shop.localhost', $APP, 1)`, 'hosts_pkey'],
    [
      `INSERT INTO releases (id, app_id, number, commit) VALUES (gen_random_uuid(), $APP, 1, repeat('a', 40))`,
      'releases_app_id_number_key',
    ],
  ])('%s is refused', async (text, constraint) => {
    await expect(run(text)).rejects.toMatchObject({ code: '23505', constraint })
  })
})

describe('values', () => {
  it.each([
    [
      `UPDATE deployments SET state = 'paused', finished_at = NULL WHERE id = $LIVE`,
      'deployments_state_known',
    ],
    [`UPDATE deployments SET slot = 'red' WHERE id = $LIVE`, 'deployments_slot_known'],
    [`UPDATE deployments SET trigger = 'whim' WHERE id = $LIVE`, 'deployments_trigger_known'],
    [
      `UPDATE deployments SET request_kind = 'pause', request_actor = 'x' WHERE id = $LIVE`,
      'deployments_request_known',
    ],
    [`UPDATE deployments SET request_kind = 'cancel' WHERE id = $LIVE`, 'deployments_request_complete'],
    [`UPDATE deployments SET failure_code = 'internal' WHERE id = $LIVE`, 'deployments_failure_complete'],
    [`UPDATE deployments SET lease_holder = 'x' WHERE id = $LIVE`, 'deployments_lease_complete'],
    [`UPDATE deployments SET slot = NULL WHERE id = $LIVE`, 'deployments_serving_told'],
    [`UPDATE deployments SET serving_at = NULL WHERE id = $LIVE`, 'deployments_serving_told'],
    [`UPDATE deployments SET finished_at = NULL WHERE id = $LIVE`, 'deployments_finish_told'],
    [`UPDATE deployments SET warm_until = now() WHERE id = $LIVE`, 'deployments_only_retired_stays_warm'],
    [`UPDATE apps SET live_slot = 'red'`, 'apps_live_slot_known'],
    [`UPDATE apps SET runtime = 'jail'`, 'apps_runtime_known'],
    [`UPDATE apps SET seat = 0`, 'apps_seat_positive'],
    [`UPDATE apps SET held_by = 'x'`, 'apps_hold_complete'],
    [`UPDATE builds SET state = 'late', finished_at = NULL`, 'builds_state_known'],
    [`UPDATE builds SET failure_code = 'internal'`, 'builds_failure_told'],
    [
      `INSERT INTO tags (app_id, name, ref_sha, commit, points_at, annotated) VALUES ($APP, 'v1', 'abc', repeat('a', 40), repeat('a', 40), false)`,
      'tags_ref_sha_format',
    ],
    [
      `INSERT INTO tags (app_id, name, ref_sha, commit, points_at, annotated) VALUES ($APP, 'v1', repeat('a', 40), 'HEAD', repeat('a', 40), false)`,
      'tags_commit_format',
    ],
    [
      `INSERT INTO releases (id, app_id, number, commit) VALUES (gen_random_uuid(), $APP, 9, 'main')`,
      'releases_commit_format',
    ],
    [
      `INSERT INTO releases (id, app_id, number, commit, image_digest) VALUES (gen_random_uuid(), $APP, 9, repeat('a', 40), 'shop:latest')`,
      'releases_image_digest_format',
    ],
    [
      `INSERT INTO log_chunks (deployment_id, seq, source, at, text) VALUES ($LIVE, 1, 'gossip', now(), '')`,
      'log_chunks_source_known',
    ],
    [
      `INSERT INTO api_tokens (id, name, hash, role) VALUES (gen_random_uuid(), 'x', repeat('a', 64), 'god')`,
      'api_tokens_role_known',
    ],
    [
      `INSERT INTO api_tokens (id, name, hash, role) VALUES (gen_random_uuid(), 'x', 'tsp_secret', 'admin')`,
      'api_tokens_hash_format',
    ],
    [
      `INSERT INTO config_entries (app_id, name, value, set_by, set_at) VALUES ($APP, '1ST', '', 'x', now())`,
      'config_entries_name_format',
    ],
    [
      `INSERT INTO config_entries (app_id, name, set_by, set_at) VALUES ($APP, 'A', 'x', now())`,
      'config_entries_one_kind',
    ],
    [
      `INSERT INTO config_entries (app_id, name, value, secret_version, set_by, set_at) VALUES ($APP, 'A', '', 1, 'x', now())`,
      'config_entries_one_kind',
    ],
    [
      `INSERT INTO secret_versions (app_id, name, version, key_id, sealed, created_by, created_at) VALUES ($APP, 'A', 1, repeat('a', 16), 'plain', 'x', now())`,
      'secret_versions_sealed_whole',
    ],
    [
      `INSERT INTO secret_versions (app_id, name, version, key_id, sealed, created_by, created_at) VALUES ($APP, 'A', 1, 'the key', repeat('x', 40)::bytea, 'x', now())`,
      'secret_versions_key_id_format',
    ],
    [`INSERT INTO outbox (queue, subject, key) VALUES ('deployments', 'x', 'a:b')`, 'outbox_key_format'],
    [`INSERT INTO outbox (queue, subject, key) VALUES ('letters', 'x', 'a')`, 'outbox_queue_known'],
    [
      `INSERT INTO instances (id, deployment_id, name, process, ordinal, slot, port) VALUES ('x', $LIVE, 'x', 'web', 0, 'blue', 99999)`,
      'instances_port_range',
    ],
  ])('%s is refused', async (text, constraint) => {
    await expect(run(text)).rejects.toMatchObject({ code: '23514', constraint })
  })
})
