/** A Postgres that refuses, hangs, is full of clients or holds a lock: nobody waits without an end. */
import { type Gateway, openGateway } from '@tagship/tests/gateway'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { openStore, type Store } from '../src/index.ts'
import { deployTag, log, newApp, openTestStore, secretKey, type TestStore } from './fixtures.ts'

/** Longer than any time-out of the store, and shorter than what a person would call hanging. */
const patienceMs = 12_000

let test: TestStore
let gateway: Gateway
let store: Store
let appId: string
let deploymentId: string

beforeAll(async () => {
  test = await openTestStore()
  const app = await newApp(test.store)
  appId = app.id
  deploymentId = (await deployTag(test.store, app)).id
  const url = new URL(test.database.url)
  gateway = await openGateway({ host: url.hostname, port: Number(url.port) })
  url.port = `${gateway.port}`
  url.hostname = '127.0.0.1'
  store = await openStore({ url: url.toString(), log, secretKey })
  await store.listening()
})
afterEach(async () => {
  gateway.open()
  await expect
    .poll(
      () =>
        store.ping().then(
          () => true,
          () => false,
        ),
      { timeout: 20_000 },
    )
    .toBe(true)
})
afterAll(async () => {
  await store?.close()
  await gateway?.[Symbol.asyncDispose]()
  await test?.[Symbol.asyncDispose]()
})

/** One of each way that the store has to Postgres: SQL, a transaction, Prisma. */
const calls = {
  statement: () => store.deploymentById(deploymentId),
  transaction: () => store.setHold(appId, { by: 'me', reason: null }),
  prisma: () => store.listEvents({ limit: 1 }),
} as const

it.each(Object.entries(calls))(
  'a %s says that Postgres does not answer, refused or silent',
  async (_, call) => {
    for (const how of ['refuse', 'hang'] as const) {
      await call()
      gateway.close(how)
      const begin = performance.now()
      // Twice: on a connection that was there before, and on a new one.
      for (const _ of [1, 2]) await expect(call()).rejects.toMatchObject({ code: 'database.unavailable' })
      expect(performance.now() - begin).toBeLessThan(how === 'refuse' ? 2_000 : patienceMs + 5_000)
      gateway.open()
      await expect
        .poll(
          () =>
            call().then(
              () => true,
              () => false,
            ),
          { timeout: 10_000 },
        )
        .toBe(true)
    }
  },
)

it('changes are heard again after the line went silent', { timeout: 60_000 }, async () => {
  const heard: string[] = []
  const end = store.onChange(({ kind, id }) => void (kind === 'deployment' && id && heard.push(id)))
  gateway.close('hang')
  const back = Date.now() + 15_000
  await expect.poll(() => Date.now() > back, { timeout: 20_000, interval: 500 }).toBe(true)
  gateway.open()
  await expect
    .poll(
      async () => {
        await test.sql('UPDATE deployments SET version = version + 1 WHERE id = $1', [deploymentId])
        return heard.includes(deploymentId)
      },
      { timeout: 10_000, interval: 300 },
    )
    .toBe(true)
  end()
})

it('a lock that nobody gives back ends the statement, not the store', async () => {
  const holder = new pg.Client({ connectionString: test.database.url })
  await holder.connect()
  try {
    await holder.query('BEGIN')
    await holder.query('SELECT FROM apps WHERE id = $1 FOR UPDATE', [appId])
    await expect(store.setHold(appId, null)).rejects.toMatchObject({ code: 'database.unavailable' })
  } finally {
    await holder.end()
  }
  await store.setHold(appId, null)
})

it('a connection that is cut in the middle of a transaction leaves nothing of it', async () => {
  const counted = async () =>
    Number((await test.sql<{ n: string }>('SELECT count(*) AS n FROM outbox'))[0]?.n)
  await store.enqueue([{ queue: 'maintenance', id: 'warm' }])
  const before = await counted()
  expect(before).toBeGreaterThan(0)
  const handing = store.takeOutbox(100, async () => gateway.cutConnections())
  await expect(handing).rejects.toMatchObject({ code: 'database.unavailable' })
  expect(await counted()).toBe(before)
  const taken: number[] = []
  await store.takeOutbox(100, async (jobs) => void taken.push(jobs.length))
  expect(taken).toEqual([before])
})

it('closes in time while Postgres is silent', async () => {
  const url = new URL(test.database.url)
  url.hostname = '127.0.0.1'
  url.port = `${gateway.port}`
  const other = await openStore({ url: url.toString(), log, secretKey })
  await other.listening()
  gateway.close('hang')
  const begin = performance.now()
  await other.close()
  expect(performance.now() - begin).toBeLessThan(4_000)
})
