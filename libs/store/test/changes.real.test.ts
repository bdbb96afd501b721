import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Change, openStore } from '../src/index.ts'
import {
  claimNow,
  deployTag,
  driveTo,
  leaseMs,
  log,
  newApp,
  openTestStore,
  secretKey,
  type TestStore,
} from './fixtures.ts'

let test: TestStore
let id: string

beforeAll(async () => {
  test = await openTestStore()
  await test.store.listening()
  id = (await deployTag(test.store, await newApp(test.store))).id
  await driveTo(test.store, id, 'starting')
})
afterAll(() => test[Symbol.asyncDispose]())

async function timed(work: Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work
  return performance.now() - start
}

/** Lets what is on its way arrive. */
async function quiet(): Promise<void> {
  while ((await timed(test.store.waitForChange(id, 300))) < 250);
}

const wish = () => test.sql('UPDATE deployments SET version = version + 1 WHERE id = $1', [id])

describe('waitForChange', () => {
  it('ends as soon as the row changes, on another connection too', async () => {
    await quiet()
    const waiting = timed(test.store.waitForChange(id, 20_000))
    await sleep(50)
    await wish()
    expect(await waiting).toBeLessThan(2_000)
  })

  it('ends for a change that came a moment before', async () => {
    await quiet()
    await wish()
    await expect.poll(() => timed(test.store.waitForChange(id, 60)), { timeout: 5_000 }).toBeLessThan(50)
  })

  it('ends after its time, and when it is called off; a lease is no change', async () => {
    await quiet()
    const waiting = timed(test.store.waitForChange(id, 400))
    await test.store.release(await claimNow(test.store, id))
    expect(await waiting).toBeGreaterThan(350)
    const calledOff = timed(test.store.waitForChange(id, 20_000, AbortSignal.timeout(100)))
    expect(await calledOff).toBeLessThan(2_000)
  })

  it('hears again after its connection was cut', async () => {
    await test.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE 'LISTEN%'`)
    await sleep(100)
    await test.store.listening()
    await quiet()
    const waiting = timed(test.store.waitForChange(id, 20_000))
    await sleep(50)
    await wish()
    expect(await waiting).toBeLessThan(2_000)
  })
})

describe('onChange', () => {
  it('tells deployments, events, logs and the outbox, until it is ended', async () => {
    const heard: Change[] = []
    const end = test.store.onChange((change) => heard.push(change))
    const made = await deployTag(test.store, await newApp(test.store))
    await test.store.appendLog(
      made.id,
      'build',
      [1, 2].map(() => ({ at: new Date(), process: null, text: 'x' })),
    )
    await expect.poll(() => heard.map(({ kind }) => kind)).toContain('log')
    expect(heard.filter(({ kind }) => kind === 'log')).toEqual([{ kind: 'log', id: made.id }])
    expect(heard).toContainEqual({ kind: 'deployment', id: made.id })
    expect(heard).toContainEqual({ kind: 'outbox', id: '' })
    const [event] = await test.store.listEvents({ deploymentId: made.id, limit: 1 })
    expect(heard).toContainEqual({ kind: 'event', id: String(event?.id) })
    end()
    const before = heard.length
    await deployTag(test.store, await newApp(test.store))
    await quiet()
    expect(heard).toHaveLength(before)
  })
})

describe('the connection', () => {
  it('is said to be unavailable where there is none', async () => {
    const url = 'postgresql://nobody:none@127.0.0.1:1/none'
    await expect(openStore({ url, log, secretKey })).rejects.toMatchObject({ code: 'database.unavailable' })
  })

  it('is said to be unavailable by every method once the database is gone', async () => {
    await using gone = await openTestStore()
    const { store } = gone
    await gone.database.drop()
    const unavailable = { code: 'database.unavailable' }
    await expect(store.ping()).rejects.toMatchObject(unavailable)
    await expect(store.listAudit({ limit: 1 })).rejects.toMatchObject(unavailable)
    await expect(store.claimQueued(id)).rejects.toMatchObject(unavailable)
    await expect(store.verifyHistory()).rejects.toMatchObject(unavailable)
  })

  it('is found again after every connection was cut', async () => {
    const other = await test.another()
    await other.listening()
    await test.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()`)
    await expect
      .poll(
        () =>
          other.ping().then(
            () => 'up',
            ({ code }) => code,
          ),
        { timeout: 10_000 },
      )
      .toBe('up')
    await other.listening()
    expect(await other.claim(id, 'w9', leaseMs)).not.toBeNull()
  })
})
