/** Lists of a long history: what they find, and that no page reads all of it. */
import { parseTagName, type Trigger } from '@tagship/domain'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { auditQuery } from '../src/audit.ts'
import { pageStatements } from '../src/events.ts'
import { type DeploymentFilter, pageQuery } from '../src/list-deployments.ts'
import { commitOf, driveTo, newApp, openTestStore, type TestStore } from './fixtures.ts'

let test: TestStore
beforeAll(async () => {
  test = await openTestStore()
})
afterAll(() => test[Symbol.asyncDispose]())

async function deployAs(
  app: Awaited<ReturnType<typeof newApp>>,
  trigger: Trigger,
  actor: string,
  tag: string,
) {
  const what = { kind: 'commit' as const, commit: commitOf('a'), tag: parseTagName(tag) }
  const made = await test.store.createDeployment({ app, trigger, actor, reason: null, what })
  if (!made) throw new Error('nothing was deployed')
  return driveTo(test.store, made.id, 'live')
}

/** Every page of so many, put together. */
async function all(filter: DeploymentFilter, limit: number): Promise<number[]> {
  const numbers: number[] = []
  let page = await test.store.findDeployments(filter, { limit })
  for (;;) {
    expect(page.deployments.length).toBeLessThanOrEqual(limit)
    numbers.push(...page.deployments.map(({ number }) => number))
    if (!page.next) return numbers
    page = await test.store.findDeployments(filter, { after: page.next, limit })
  }
}

describe('deployments', () => {
  it('are found by each thing that they can be found by, page by page', async () => {
    const app = await newApp(test.store)
    const apps = [app.id]
    await deployAs(app, 'manual', 'anna', 'v1.0.0')
    const middle = await deployAs(app, 'tag', 'tagship', 'v1.1.0-RC')
    await deployAs(app, 'manual', 'bert', 'v2.0.0')
    for (const limit of [1, 2, 50]) {
      expect(await all({ apps }, limit)).toEqual([3, 2, 1])
      expect(await all({ apps, states: ['retired'] }, limit)).toEqual([2, 1])
      expect(await all({ apps, states: ['retired', 'live'] }, limit)).toEqual([3, 2, 1])
      expect(await all({ apps, triggers: ['manual'] }, limit)).toEqual([3, 1])
      expect(await all({ apps, actor: 'anna' }, limit)).toEqual([1])
      expect(await all({ apps, tag: 'v1.' }, limit)).toEqual([2, 1])
      expect(await all({ apps, tag: 'rc', states: ['retired'] }, limit)).toEqual([2])
      expect(await all({ apps, tag: '%' }, limit)).toEqual([])
      expect(await all({ apps, since: middle.createdAt }, limit)).toEqual([3, 2])
      expect(await all({ apps, until: middle.createdAt }, limit)).toEqual([1])
      expect(await all({ apps: null, actor: 'bert' }, limit)).toEqual([3])
      expect(await all({ apps: [] }, limit)).toEqual([])
    }
  })

  it('tell which one serves', async () => {
    const app = await newApp(test.store)
    await deployAs(app, 'manual', 'anna', 'v1.0.0')
    await deployAs(app, 'manual', 'anna', 'v2.0.0')
    const { deployments } = await test.store.findDeployments({ apps: [app.id] }, { limit: 5 })
    expect(deployments.map(({ serving }) => serving)).toEqual([true, false])
  })
})

describe('events', () => {
  it('come newest first: of all, of some apps, of a deployment', async () => {
    const [one, two] = [await newApp(test.store), await newApp(test.store)]
    const { id } = await deployAs(one, 'manual', 'anna', 'v1.0.0')
    await deployAs(two, 'manual', 'anna', 'v1.0.0')
    const read = async (apps: string[] | null, deployment?: string) => {
      const ids: bigint[] = []
      for (;;) {
        const page = await test.store.newestEvents({ apps, deployment, before: ids.at(-1), limit: 3 })
        if (page.length === 0) return ids
        ids.push(...page.map((event) => event.id))
      }
    }
    const descending = (ids: bigint[]) => [...new Set(ids)].sort((a, b) => (a < b ? 1 : -1))
    const [everything, both, ofOne, ofDeployment] = [
      await read(null),
      await read([one.id, two.id]),
      await read([one.id]),
      await read(null, id),
    ]
    for (const ids of [everything, both, ofOne, ofDeployment]) expect(ids).toEqual(descending(ids))
    const counted = await test.sql<{ all: number; both: number; one: number }>(
      `SELECT count(*)::int AS all, count(*) FILTER (WHERE app_id IN ($1, $2))::int AS both,
        count(*) FILTER (WHERE app_id = $1)::int AS one FROM events`,
      [one.id, two.id],
    )
    expect([everything.length, both.length, ofOne.length]).toEqual(Object.values(counted[0] ?? {}))
    expect(ofDeployment).toEqual(ofOne)
    expect(await read([])).toEqual([])
  })
})

describe('the audit', () => {
  it('is found by each thing that it can be found by', async () => {
    const entries = [
      { actor: 'anna', action: 'deploy', app: 'shop', outcome: 'done', detail: {} },
      { actor: 'bert', action: 'deploy', app: 'shop', outcome: 'refused', detail: {} },
      { actor: 'anna', action: 'addApp', app: null, outcome: 'done', detail: {} },
    ]
    for (const entry of entries) await test.store.appendAudit(entry)
    const read = async (filter: object) =>
      (await test.store.listAudit({ ...filter, limit: 10 })).map(({ actor, action }) => `${actor} ${action}`)
    expect(await read({})).toEqual(['anna addApp', 'bert deploy', 'anna deploy'])
    expect(await read({ apps: ['shop'] })).toEqual(['bert deploy', 'anna deploy'])
    expect(await read({ actor: 'anna', action: 'deploy' })).toEqual(['anna deploy'])
    expect(await read({ outcomes: ['refused', 'failed'] })).toEqual(['bert deploy'])
    const [last] = await test.store.listAudit({ limit: 1 })
    expect(await read({ since: last?.at })).toContain('anna addApp')
    expect(await read({ until: last?.at })).not.toContain('anna addApp')
    expect(await read({ since: new Date(Date.now() + 60_000) })).toEqual([])
    const forward = await test.store.readAudit({ actor: 'anna', after: 0n, limit: 10 })
    expect(forward.map(({ action }) => action)).toEqual(['deploy', 'addApp'])
  })
})

describe('a page of a long history', () => {
  const fill = `
    INSERT INTO apps (id, name, seat) SELECT md5('a' || n)::uuid, 'long-' || n, 500 + n FROM generate_series(1, 20) n;
    INSERT INTO releases (id, app_id, number, tag, commit)
      SELECT md5('r' || n)::uuid, md5('a' || n % 20 + 1)::uuid, n, 'v1.' || n, repeat('a', 40)
      FROM generate_series(1, 40000) n;
    INSERT INTO deployments (id, app_id, number, release_id, state, trigger, actor, created_at, finished_at, failure_phase,
        failure_code, failure_message)
      SELECT md5('d' || n)::uuid, md5('a' || n % 20 + 1)::uuid, n, md5('r' || n)::uuid, 'failed',
        CASE WHEN n % 1000 = 0 THEN 'rollback' ELSE 'tag' END, 'actor-' || n % 500,
        now() - n * interval '1 minute', now(), 'building', 'build.failed', ''
      FROM generate_series(1, 40000) n;
    INSERT INTO events (app_id, seq, deployment_id, type, to_state, actor, at, previous_hash, hash)
      SELECT md5('a' || n % 20 + 1)::uuid, n, md5('d' || n)::uuid, 'created', 'queued', 'x', now(), repeat('0', 64),
        repeat('0', 64)
      FROM generate_series(1, 40000) n;
    INSERT INTO audit (actor, action, app, outcome, at)
      SELECT 'actor-' || n % 500, 'action-' || n % 30, 'long-' || n % 20, CASE WHEN n % 900 = 0 THEN 'refused' ELSE 'done' END,
        now() - (40000 - n) * interval '1 minute'
      FROM generate_series(1, 40000) n;
    ANALYZE`
  beforeAll(async () => {
    await test.sql(fill)
  }, 60_000)

  const moment = new Date(Date.now() - 20 * 86_400_000)
  const after = { at: moment, id: '00000000-0000-4000-8000-000000000000' }
  const apps = ['9b6a0a1c-0000-4000-8000-000000000000']
  const filters: DeploymentFilter[] = [
    { apps: null },
    { apps },
    { apps: null, states: ['failed', 'live'] },
    { apps, states: ['building'] },
    { apps: null, triggers: ['rollback', 'heal'] },
    { apps: null, actor: 'actor-7' },
    { apps: null, actor: 'nobody', tag: 'nothing' },
    { apps, tag: 'nothing', triggers: ['tag'] },
    { apps: null, since: moment, until: new Date(), states: ['failed'], tag: 'v1.1' },
  ]

  it.each(filters.flatMap((filter) => [[filter, undefined] as const, [filter, after] as const]))(
    'never reads all deployments: %j after %j',
    async (filter, from) => {
      const { text, values } = pageQuery(filter, from, 50)
      expect(await scanned(text, values)).not.toContain('deployments')
    },
  )

  it.each([
    {},
    { apps: ['long-1'] },
    { actor: 'actor-7' },
    { outcomes: ['refused'] },
    { since: moment, until: new Date() },
  ])('never reads the whole audit: %j', async (filter) => {
    const { text, values } = auditQuery(filter, { before: 30_000n, limit: 50, order: 'DESC' })
    expect(await scanned(text, values)).not.toContain('audit')
  })

  it('never reads all events', async () => {
    for (const { text } of pageStatements) {
      const values = [null, 50, text.includes('$3::uuid[]') ? apps : apps[0]].slice(
        0,
        text.includes('$3') ? 3 : 2,
      )
      expect(await scanned(text, values)).not.toContain('events')
    }
  })

  /** The tables that the plan reads from end to end. */
  async function scanned(text: string, values: readonly unknown[]): Promise<string[]> {
    const rows = await test.sql<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, [...values])
    return rows.flatMap((row) => /Seq Scan on (\w+)/.exec(row['QUERY PLAN'])?.[1] ?? [])
  }
})
