import { createHash } from 'node:crypto'
import { maintenance } from '@tagship/engine'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { appendEvents, lockApp } from '../src/chain.ts'
import { openDatabase } from '../src/database.ts'
import type { VerifiedHistory } from '../src/index.ts'
import {
  change,
  claimNow,
  deployTag,
  driveTo,
  log,
  newApp,
  openTestStore,
  type TestStore,
} from './fixtures.ts'

let test: TestStore

beforeEach(async () => {
  test = await openTestStore()
})
afterEach(() => test[Symbol.asyncDispose]())

const verify = (expected?: readonly string[]): Promise<VerifiedHistory> => test.store.verifyHistory(expected)

async function brokenApp(name = 'shop') {
  const { apps } = await verify()
  return apps.find(({ app }) => app === name)?.broken
}

/** As somebody does who may do anything to the database. */
async function tamper(text: string): Promise<void> {
  await test.sql('SET session_replication_role = replica')
  await test.sql(text)
  await test.sql('SET session_replication_role = origin')
}

/** As many events as years bring. */
async function appendMany(appId: string, count: number): Promise<void> {
  const database = openDatabase({ url: test.database.url, log })
  const batch = Array.from({ length: 5_000 }, (_, n) => ({
    type: 'tagMoved',
    actor: 'tagship',
    detail: { tag: `v1.0.${n}`, from: 'a'.repeat(40), to: 'b'.repeat(40) },
  }))
  for (let written = 0; written < count; written += batch.length) {
    await database.transaction(async (session) => {
      const app = await lockApp(session, appId)
      if (app) await appendEvents(session, app, batch)
    })
  }
  await database.close()
}

/** An app with a live deployment, one that it replaced, and one that failed. */
async function newHistory(name = 'shop') {
  const app = await newApp(test.store, name)
  for (const tag of ['v1.0.0', 'v1.1.0']) {
    const { id } = await deployTag(test.store, app, tag)
    await driveTo(test.store, id, 'live')
  }
  const { id } = await deployTag(test.store, app, 'v1.2.0')
  await driveTo(test.store, id, 'starting')
  const failure = { phase: 'starting', code: 'instance.startFailed', message: 'no' } as const
  await test.store.commit(await claimNow(test.store, id), change('startFailed', 'failing', { failure }))
  await test.store.commit(await claimNow(test.store, id), change('discarded', 'failed'))
  return app
}

describe('the chain of events', () => {
  it('holds while twenty write to it at once, and its feed has no holes for a reader', async () => {
    const app = await newApp(test.store, 'shop')
    const other = await test.another()
    const { id } = await deployTag(test.store, app)
    await driveTo(test.store, id, 'building')
    const claim = await claimNow(test.store, id)
    const stores = [test.store, other]
    const writes = Array.from({ length: 20 }, (_, at) =>
      (stores[at % 2] ?? other).setHold(app.id, { by: `p${at}`, reason: 'ünïcode \ud800 \0' }),
    )
    const commits = stores.map((store) => store.commit(claim, change('built', 'releasing')))
    expect((await Promise.all(commits)).sort()).toEqual([false, true])
    await Promise.all(writes)
    expect((await verify()).apps).toEqual([
      { app: 'shop', length: 23, head: expect.stringMatching(/^[0-9a-f]{64}$/), broken: null },
    ])
    const feed = await test.store.listEvents({ limit: 100 })
    expect(feed.map(({ seq }) => seq)).toEqual(Array.from({ length: 23 }, (_, at) => at + 1))
  })

  it('holds over deployments that went well, that were replaced and that failed', async () => {
    await newHistory()
    expect((await verify()).apps).toMatchObject([{ app: 'shop', broken: null }])
  })

  const other = '00000000-0000-4000-8000-000000000000'
  it.each([
    ['id', 'id = 1000000', 4],
    ['app_id', `app_id = (SELECT id FROM apps WHERE name = 'calm')`, 3],
    ['seq', 'seq = 1000', 3],
    ['deployment_id', `deployment_id = '${other}'`, 3],
    ['deployment_id, removed', 'deployment_id = NULL', 3],
    ['type', `type = 'else'`, 3],
    ['from_state', `from_state = 'queued'`, 3],
    ['to_state', `to_state = 'failed'`, 3],
    ['actor', `actor = 'eve'`, 3],
    ['reason', `reason = ''`, 3],
    ['duration_ms', 'duration_ms = duration_ms + 1', 3],
    ['detail', `detail = '{"x":1}'`, 3],
    ['at', `at = at + interval '1 millisecond'`, 3],
    ['previous_hash', `previous_hash = repeat('1', 64)`, 3],
    ['hash', `hash = repeat('1', 64)`, 3],
  ])('breaks where %s was changed', async (_column, assignment, seq) => {
    await newHistory()
    await newApp(test.store, 'calm')
    await tamper(
      `UPDATE events SET ${assignment} WHERE seq = 3 AND app_id = (SELECT id FROM apps WHERE name = 'shop')`,
    )
    expect(await brokenApp()).toMatchObject({ seq })
  })

  it('covers every column of an event', async () => {
    const columns = await test.sql<{ name: string }>(
      `SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'events' ORDER BY 1`,
    )
    const tried = ['id', 'app_id', 'seq', 'deployment_id', 'type', 'from_state', 'to_state', 'actor']
    const alsoTried = ['reason', 'duration_ms', 'detail', 'at', 'previous_hash', 'hash']
    expect(columns.map(({ name }) => name)).toEqual([...tried, ...alsoTried].sort())
  })

  const swap = `ALTER TABLE events DROP CONSTRAINT events_seq_positive;
    UPDATE events SET seq = CASE seq WHEN 3 THEN -3 ELSE -4 END WHERE seq IN (3, 4);
    UPDATE events SET seq = CASE seq WHEN -3 THEN 4 ELSE 3 END WHERE seq IN (-3, -4)`
  const insert = (seq: number) => `INSERT INTO events (id, app_id, seq, type, actor, at, previous_hash, hash)
    SELECT nextval('events_id_seq'), id, ${seq}, 'forged', 'eve', now(), event_hash, repeat('1', 64) FROM apps`
  it.each([
    ['removed in the middle', 'DELETE FROM events WHERE seq = 3', 3, /event 3 is missing/],
    ['removed at the beginning', 'DELETE FROM events WHERE seq = 1', 1, /event 1 is missing/],
    ['removed at the end', 'DELETE FROM events WHERE seq >= 12', 12, /event 12 is missing/],
    ['removed altogether', 'DELETE FROM events', 1, /event 1 is missing/],
    ['put in at the end', insert(1000), 26, /event 26 is missing/],
    [
      'put in before the first',
      `ALTER TABLE events DROP CONSTRAINT events_seq_positive; ${insert(0)}`,
      1,
      /event 1 is missing/,
    ],
    ['swapped', swap, 3, /does not follow/],
    ['unheaded', `UPDATE apps SET event_hash = repeat('0', 64)`, 25, /written last/],
    ['cut off with the number in the head', 'UPDATE apps SET event_seq = 20', 21, /put in/],
    ['renamed with their app', `UPDATE apps SET name = 'shop2'`, 1, /was changed/],
  ])('breaks where events were %s', async (_what, text, seq, problem) => {
    await newHistory()
    for (const part of text.split(';')) await tamper(part)
    const [app] = (await verify()).apps
    expect(app?.broken).toEqual({ seq, problem: expect.stringMatching(problem) })
  })

  it('breaks where one was put in behind the head', async () => {
    await newHistory()
    await tamper(insert(26))
    expect(await brokenApp()).toMatchObject({ seq: 26 })
  })

  it('that was cut off whole is missed by whoever noted its head', async () => {
    await newHistory()
    const [before] = (await verify()).apps
    const head = before?.head ?? ''
    expect((await verify([head])).missing).toEqual([])
    await newApp(test.store, 'calm').then((app) => test.store.setHold(app.id, { by: 'anna', reason: null }))
    expect((await verify([head])).missing).toEqual([])
    await tamper('DELETE FROM events WHERE seq > 20')
    await tamper(
      `UPDATE apps SET event_seq = 20, event_hash = (SELECT hash FROM events e WHERE e.app_id = apps.id AND seq = 20)
       WHERE name = 'shop'`,
    )
    expect((await verify([head])).missing).toEqual([head])
  })

  it('is read in pages, also where it is long', async () => {
    const app = await newApp(test.store, 'shop')
    const { id } = await deployTag(test.store, app)
    const count = 100_000
    await appendMany(app.id, count)
    global.gc?.()
    const before = process.memoryUsage().rss
    let most = 0
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage().rss - before)
    }, 20)
    const [proven] = (await verify()).apps
    clearInterval(watch)
    expect(proven).toMatchObject({ app: 'shop', length: count + 1, broken: null })
    expect(most).toBeLessThan(150 * 1024 ** 2)
    expect(await test.store.listEvents({ deploymentId: id, limit: 10 })).toHaveLength(1)
  })
})

describe('the rows', () => {
  const newest = `WHERE number = 3`
  it.each([
    ['state', `UPDATE deployments SET state = 'canceled' ${newest}`, /3 has state canceled/],
    ['servingAt', `UPDATE deployments SET serving_at = now() ${newest}`, /3 has servingAt/],
    [
      'servingAt, removed',
      'UPDATE deployments SET serving_at = created_at WHERE number = 1',
      /1 has servingAt/,
    ],
    ['createdAt', `UPDATE deployments SET created_at = '2001-01-01' ${newest}`, /createdAt 2001/],
    ['startedAt', `UPDATE deployments SET started_at = '2001-01-01' ${newest}`, /startedAt 2001/],
    ['finishedAt', `UPDATE deployments SET finished_at = '2001-01-01' ${newest}`, /finishedAt 2001/],
    ['retiredAt', `UPDATE deployments SET retired_at = '2001-01-01' WHERE number = 1`, /retiredAt 2001/],
    ['actor', `UPDATE deployments SET actor = 'eve' ${newest}`, /actor eve, and its events say anna/],
    ['reason', `UPDATE deployments SET reason = 'because' ${newest}`, /reason because/],
    ['trigger', `UPDATE deployments SET trigger = 'tag' ${newest}`, /trigger tag/],
    ['number', `UPDATE deployments SET number = 7 ${newest}`, /3 deployments were made, and 2/],
    ['failure', `UPDATE deployments SET failure_message = 'yes' ${newest}`, /failure.message yes/],
    [
      'release',
      `UPDATE deployments SET release_id = (SELECT id FROM releases WHERE number = 1) ${newest}`,
      /3 has release 1/,
    ],
    ['commit of the release', `UPDATE releases SET commit = repeat('b', 40) ${newest}`, /3 has commit bbb/],
    ['tag of the release', `UPDATE releases SET tag = 'v9.0.0' ${newest}`, /3 has tag v9.0.0/],
    ['deployment, removed', `DELETE FROM deployments ${newest}`, /3 deployments were made, and 2/],
    [
      'deployment, removed and not counted',
      `WITH gone AS (DELETE FROM deployments ${newest}) UPDATE apps SET deployment_count = 2`,
      /the deployment that event \d+ tells of is gone/,
    ],
    ['release, removed', `DELETE FROM releases WHERE number = 2`, /3 releases were made, and 2/],
    [
      'deployment, put in',
      `WITH counted AS (UPDATE apps SET deployment_count = 4)
       INSERT INTO deployments (id, app_id, number, release_id, trigger, actor)
       SELECT gen_random_uuid(), app_id, 4, release_id, 'tag', 'eve' FROM deployments ${newest}`,
      /4 has state queued, and its events say nothing/,
    ],
    [
      'serving deployment',
      'UPDATE apps SET serving_deployment_id = (SELECT id FROM deployments WHERE number = 1)',
      /deployment 2 serves/,
    ],
    ['live slot', `UPDATE apps SET live_slot = NULL`, /deployment 2 serves/],
  ])('are held against the events: %s', async (_what, text, problem) => {
    await newHistory()
    expect(await brokenApp()).toBeNull()
    await tamper(text)
    expect(await brokenApp()).toEqual({ seq: null, problem: expect.stringMatching(problem) })
  })
})

describe('the record of who did what', () => {
  const entry = (action: string) => ({
    actor: 'anna',
    action,
    app: 'shop',
    outcome: 'done',
    detail: { n: 1, text: 'ü\0' },
  })

  it('is a chain, also where many write at once', async () => {
    const other = await test.another()
    await Promise.all(
      Array.from({ length: 30 }, (_, n) => (n % 2 ? test.store : other).appendAudit(entry(`a${n}`))),
    )
    expect((await verify()).audit).toMatchObject({ length: 30, unchained: 0, broken: null })
    expect(await test.store.listAudit({ limit: 100 })).toHaveLength(30)
  })

  it.each([
    ['actor', `UPDATE audit SET actor = 'eve' WHERE seq = 3`, 3],
    ['action', `UPDATE audit SET action = 'else' WHERE seq = 3`, 3],
    ['app', `UPDATE audit SET app = NULL WHERE seq = 3`, 3],
    ['outcome', `UPDATE audit SET outcome = 'refused' WHERE seq = 3`, 3],
    ['detail', `UPDATE audit SET detail = '{}' WHERE seq = 3`, 3],
    ['at', `UPDATE audit SET at = now() + interval '1 day' WHERE seq = 3`, 3],
    ['id', 'UPDATE audit SET id = 1000 WHERE seq = 3', 4],
    ['place', 'UPDATE audit SET seq = NULL, previous_hash = NULL, hash = NULL WHERE seq = 3', 3],
    ['a row, removed', 'DELETE FROM audit WHERE seq = 3', 3],
    ['the last row, removed', 'DELETE FROM audit WHERE seq = 5', 5],
    ['the head', `UPDATE audit_head SET hash = repeat('1', 64)`, 5],
    ['the head, removed', 'DELETE FROM audit_head', 1],
  ])('breaks where %s was changed', async (_what, text, seq) => {
    for (let n = 0; n < 5; n += 1) await test.store.appendAudit(entry(`a${n}`))
    await tamper(text)
    expect((await verify()).audit.broken).toMatchObject({ seq })
  })

  it('tells how many entries are from before the chain', async () => {
    await test.sql(`INSERT INTO audit (actor, action, outcome) VALUES ('old', 'x', 'done')`)
    await test.store.appendAudit(entry('new'))
    expect((await verify()).audit).toMatchObject({ length: 1, unchained: 1, broken: null })
  })
})

describe('retention', () => {
  const kept = ['events', 'deployments', 'releases', 'revisions', 'audit', 'apps'] as const

  /** Every row of the tables that hold history, as one hash each. */
  async function contents(): Promise<Record<string, string>> {
    const found: Record<string, string> = {}
    for (const table of kept) {
      const rows = await test.sql(`SELECT to_jsonb(t)::text AS row FROM ${table} t ORDER BY 1`)
      found[table] = createHash('sha256').update(JSON.stringify(rows)).digest('hex')
    }
    return found
  }

  it('never removes history: neither the removal of an app nor any maintenance does', async () => {
    const app = await newHistory()
    await test.store.appendAudit({ actor: 'a', action: 'b', app: 'shop', outcome: 'done', detail: {} })
    await test.store.removeApp(app.id)
    await test.store.appIsGone(app.id)
    await test.sql(`UPDATE apps SET created_at = created_at - interval '10 years'`)
    await test.store.beginIdempotent('old', 'anna', 'h')
    await test.store.beginIdempotent('new', 'anna', 'h')
    await test.sql(`UPDATE idempotency_keys SET created_at = now() - interval '25 hours' WHERE key = 'old'`)
    const before = await contents()

    const nothing = async () => []
    const place = { runtime: { list: nothing, listAll: nothing } }
    const places = { docker: place, kubernetes: place }
    const ports = { store: test.store, ...place, places, log } as never
    for (const run of Object.values(maintenance)) await run(ports)

    expect(await contents()).toEqual(before)
    expect(await test.sql('SELECT key FROM idempotency_keys')).toEqual([{ key: 'new' }])
    expect((await verify()).apps).toMatchObject([{ app: 'shop', broken: null }])
    expect((await test.store.listEvents({ limit: 100 })).length).toBeGreaterThan(25)
  })
})
