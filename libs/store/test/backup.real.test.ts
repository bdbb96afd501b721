import { activeStates, type DeploymentState, isActive } from '@tagship/domain'
import { testDatabase } from '@tagship/tests/postgres'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { migrate, openDump, openLoad, openStore, type Store } from '../src/index.ts'
import { migrateTo } from '../src/migrate.ts'
import {
  change,
  claimNow,
  deploymentsOf,
  deployTag,
  driveTo,
  log,
  newApp,
  openTestStore,
  secretKey,
  type TestStore,
} from './fixtures.ts'

let test: TestStore

beforeEach(async () => {
  test = await openTestStore()
})
afterEach(() => test[Symbol.asyncDispose]())

type Rows = Record<string, string[]>

async function dump(url: string): Promise<{ rows: Rows; sequences: Readonly<Record<string, string>> }> {
  const opened = await openDump(url)
  const rows: Rows = {}
  for (const table of opened.tables) rows[table] = (await Array.fromAsync(opened.rows(table))).sort()
  await opened.close()
  return { rows, sequences: opened.sequences }
}

async function* inPieces(lines: readonly string[]): AsyncGenerator<Buffer> {
  const text = Buffer.from(lines.join(''))
  for (let at = 0; at < text.length; at += 1_000) yield text.subarray(at, at + 1_000)
}

/** Another database with the rows of this one. */
async function copy(): Promise<{ url: string; drop(): Promise<void> }> {
  const database = await testDatabase({ empty: true })
  const from = await openDump(test.database.url)
  const load = await openLoad(database.url, from.migrations)
  for (const table of from.tables) {
    const lines = await Array.fromAsync(from.rows(table))
    expect(await load.table(table, inPieces(lines))).toBe(lines.length)
  }
  await load.finish(from.sequences)
  await load.close()
  await from.close()
  return database
}

async function inCopy(look: (store: Store, url: string) => Promise<void>): Promise<void> {
  const database = await copy()
  const store = await openStore({ url: database.url, log, secretKey })
  try {
    await look(store, database.url)
  } finally {
    await store.close()
    await database.drop()
  }
}

describe('a dump', () => {
  it('that is loaded gives the same rows, numbers to come and triggers', async () => {
    const app = await newApp(test.store, 'shop')
    await driveTo(test.store, (await deployTag(test.store, app, 'v1.0.0')).id, 'live')
    const { id } = await deployTag(test.store, app, 'v1.1.0')
    await driveTo(test.store, id, 'baking')
    const text = `"quoted" \\back\nline\ttab ü \u2028 ${'x'.repeat(100_000)}`
    await test.store.appendLog(id, 'build', [{ at: new Date(), process: null, text }])
    await test.store.appendAudit({ actor: 'a', action: 'b', app: null, outcome: 'done', detail: { text } })
    await test.store.createToken('anna', 'admin')
    await inCopy(async (store, url) => {
      const [before, after] = [await dump(test.database.url), await dump(url)]
      expect(after).toEqual(before)
      expect(before.rows.log_chunks?.join('')).toContain('line\\ttab ü')
      expect((await store.verifyHistory()).apps).toMatchObject([{ broken: null }])
      await store.setHold(app.id, { by: 'anna', reason: null })
      expect((await store.verifyHistory()).apps).toMatchObject([{ broken: null }])
    })
  })

  it('of an earlier version is loaded into the schema of then, and brought up to date', async () => {
    const earlier = ['20261123193000_tables', '20261123193100_invariants']
    const [from, to] = [await testDatabase({ empty: true }), await testDatabase({ empty: true })]
    await migrateTo(from.url, earlier)
    const client = new pg.Client({ connectionString: from.url })
    await client.connect()
    await client.query(`INSERT INTO apps (id, name, seat) VALUES (gen_random_uuid(), 'shop', 1)`)
    await client.query(`INSERT INTO audit (actor, action, outcome) VALUES ('anna', 'addApp', 'done')`)
    await client.end()
    const opened = await openDump(from.url)
    expect(opened.migrations).toEqual(earlier)
    const load = await openLoad(to.url, opened.migrations)
    for (const table of opened.tables) {
      await load.table(table, inPieces(await Array.fromAsync(opened.rows(table))))
    }
    await load.finish(opened.sequences)
    await load.close()
    await opened.close()

    expect((await migrate(to.url)).length).toBeGreaterThan(0)
    const store = await openStore({ url: to.url, log, secretKey })
    await store.appendAudit({ actor: 'bert', action: 'b', app: null, outcome: 'done', detail: {} })
    expect(await store.appByName('shop')).toMatchObject({ seat: 1 })
    expect((await store.verifyHistory()).audit).toMatchObject({ length: 1, unchained: 1, broken: null })
    await store.close()
    await Promise.all([from.drop(), to.drop()])
  })

  it('is of one moment', async () => {
    const app = await newApp(test.store, 'shop')
    const opened = await openDump(test.database.url)
    await driveTo(test.store, (await deployTag(test.store, app)).id, 'live')
    expect(await Array.fromAsync(opened.rows('deployments'))).toEqual([])
    expect(await Array.fromAsync(opened.rows('apps'))).toHaveLength(1)
    await opened.close()
  })

  it('is loaded as a whole or not at all, and never over somebody’s rows', async () => {
    await newApp(test.store, 'shop')
    const { migrations } = await openDump(test.database.url).then(async (opened) => {
      await opened.close()
      return opened
    })
    await expect(openLoad(test.database.url, migrations)).rejects.toMatchObject({ code: 'restore.notEmpty' })
    const database = await testDatabase({ empty: true })
    const load = await openLoad(database.url, migrations)
    await load.table(
      'hosts',
      inPieces(['{"name":"a.b","app_id":"00000000-0000-4000-8000-000000000000","position":0}\n']),
    )
    await expect(load.finish({})).rejects.toThrow(/foreign key/)
    await load.close()
    expect((await dump(database.url)).rows.hosts).toEqual([])
    await database.drop()
  })
})

describe('what was under way when the backup was made', () => {
  const ends: Record<string, [DeploymentState, serves: string]> = {
    building: ['canceled', 'v1.0.0'],
    releasing: ['canceled', 'v1.0.0'],
    starting: ['canceled', 'v1.0.0'],
    verifying: ['canceled', 'v1.0.0'],
    awaitingPromotion: ['canceled', 'v1.0.0'],
    switching: ['failed', 'v1.0.0'],
    draining: ['live', 'v1.1.0'],
    baking: ['live', 'v1.1.0'],
    reverting: ['rolledBack', 'v1.0.0'],
    failing: ['failed', 'v1.0.0'],
    canceling: ['canceled', 'v1.0.0'],
    evicting: ['rolledBack', 'v1.0.0'],
  }

  it('is every active state', () => {
    expect(Object.keys(ends).sort()).toEqual([...activeStates].sort())
  })

  const sideways: Partial<Record<DeploymentState, [from: DeploymentState, ...Parameters<typeof change>]>> = {
    awaitingPromotion: ['verifying', 'held', 'awaitingPromotion'],
    failing: ['starting', 'startFailed', 'failing'],
    canceling: ['starting', 'cancelRequested', 'canceling'],
    reverting: ['baking', 'unhealthy', 'reverting'],
  }

  async function bringTo(id: string, state: DeploymentState): Promise<void> {
    if (state === 'evicting') {
      await bringTo(id, 'reverting')
      const { previous } = await claimNow(test.store, id).then(async (claim) => {
        await test.store.release(claim)
        return claim
      })
      const serves = { slot: previous?.slot ?? null, deploymentId: previous?.id ?? null }
      const claim = await claimNow(test.store, id)
      expect(await test.store.commit(claim, change('reverted', 'evicting', { serves }))).toBe(true)
      return
    }
    const way = sideways[state]
    if (!way) return void (await driveTo(test.store, id, state))
    const [from, ...rest] = way
    await driveTo(test.store, id, from)
    expect(await test.store.commit(await claimNow(test.store, id), change(...rest))).toBe(true)
  }

  it.each(Object.entries(ends))('%s comes to a sound end', async (state, [end, tag]) => {
    const app = await newApp(test.store, 'shop')
    const first = await deployTag(test.store, app, 'v1.0.0')
    await driveTo(test.store, first.id, 'live')
    const { id } = await deployTag(test.store, app, 'v1.1.0')
    await bringTo(id, state as DeploymentState)
    await claimNow(test.store, id)
    await inCopy(async (store) => {
      const settled = await store.settleRestored('restored')
      expect(settled).toEqual([{ app: 'shop', number: 2, from: state, to: end }])
      const found = await store.appByName('shop')
      const serving = await store.deploymentById(found?.servingDeploymentId ?? '')
      expect(serving).toMatchObject({ tag, state: 'live' })
      expect(found?.liveSlot).toBe(serving?.slot)
      const [last, before] = await deploymentsOf(store, app.id)
      expect(last?.state).toBe(end)
      expect(before?.state).toBe(end === 'live' ? 'retired' : 'live')
      expect(isActive(last?.state ?? 'queued')).toBe(false)
      expect((await store.verifyHistory()).apps).toMatchObject([{ broken: null }])
      expect(await store.unfinishedWork()).toEqual([])
      expect(await store.settleRestored('restored')).toEqual([])
    })
  })

  it('waits on where it was queued', async () => {
    const app = await newApp(test.store, 'shop')
    const { id } = await deployTag(test.store, app)
    await inCopy(async (store) => {
      expect(await store.settleRestored('restored')).toEqual([])
      expect(await store.deploymentById(id)).toMatchObject({ state: 'queued' })
      expect(await store.unfinishedWork()).toEqual([{ queue: 'deployments', id }])
    })
  })
})
