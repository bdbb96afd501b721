import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { OutboxEntry } from '../src/index.ts'
import {
  change,
  claimNow,
  deployTag,
  driveTo,
  newApp,
  openTestStore,
  type TestStore,
  takeKeys,
} from './fixtures.ts'

let test: TestStore

beforeEach(async () => {
  test = await openTestStore()
})
afterEach(() => test[Symbol.asyncDispose]())

const keysOf = async (id: string) => (await takeKeys(test.store)).filter((key) => key.includes(id))

describe('takeOutbox', () => {
  it('keeps the jobs of a handler that fails, for the next one', async () => {
    const { id } = await deployTag(test.store, await newApp(test.store))
    const failing = test.store.takeOutbox(10, async () => {
      throw new Error('the queue is gone')
    })
    await expect(failing).rejects.toThrow('the queue is gone')
    expect(await takeKeys(test.store)).toEqual([`deployments ${id}-1-0`])
    expect(await takeKeys(test.store)).toEqual([])
  })

  it('keeps the jobs when the connection is lost while the queue takes them', async () => {
    const { id } = await deployTag(test.store, await newApp(test.store))
    const cut = test.store.takeOutbox(10, async () => {
      await test.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND state = 'idle in transaction'`)
      await test.store.ping()
    })
    await expect(cut).rejects.toMatchObject({ code: 'database.unavailable' })
    expect(await takeKeys(test.store)).toEqual([`deployments ${id}-1-0`])
  })

  it('gives two callers different jobs', async () => {
    const apps = await Promise.all(Array.from({ length: 6 }, () => newApp(test.store)))
    for (const app of apps) await deployTag(test.store, app)
    const other = await test.another()
    const taken: OutboxEntry[][] = []
    await test.store.takeOutbox(3, async (first) => {
      taken.push([...first])
      await other.takeOutbox(10, async (second) => {
        taken.push([...second])
      })
    })
    expect(taken.map((jobs) => jobs.length)).toEqual([3, 3])
    expect(new Set(taken.flat().map(({ key }) => key)).size).toBe(6)
  })

  it('hands delayed jobs over with what is left of their delay', async () => {
    await test.store.enqueue([
      { queue: 'maintenance', id: 'warm', delayMs: 60_000 },
      { queue: 'tags', id: 'x' },
    ])
    let jobs: readonly OutboxEntry[] = []
    await test.store.takeOutbox(10, async (taken) => {
      jobs = taken
    })
    const warm = jobs.find(({ queue }) => queue === 'maintenance')
    expect(jobs.find(({ queue }) => queue === 'tags')).toMatchObject({ subject: 'x', delayMs: 0 })
    expect(warm?.subject).toBe('warm')
    expect(warm?.delayMs).toBeGreaterThan(55_000)
    expect(warm?.key).not.toContain(':')
  })
})

it('a job that is written while somebody begins to look is due: put off by a millisecond it would lose its place', async () => {
  let jobs: readonly OutboxEntry[] = []
  await test.sql('BEGIN')
  await test.sql('LOCK TABLE outbox')
  const taking = test.store.takeOutbox(10, async (taken) => {
    jobs = taken
  })
  const waiting = async () => (await test.sql('SELECT pid FROM pg_locks WHERE NOT granted')).length
  await expect.poll(waiting, { interval: 20 }).toBe(1)
  await test.sql(
    "INSERT INTO outbox (queue, subject, key, run_at) VALUES ('builds', 'x', 'x-0', clock_timestamp())",
  )
  await test.sql('COMMIT')
  await taking
  expect(jobs).toMatchObject([{ subject: 'x', delayMs: 0 }])
})

describe('the keys of jobs', () => {
  it('a look that is put off has a key of its own each time, which a sweep gives again', async () => {
    const { id } = await deployTag(test.store, await newApp(test.store))
    await driveTo(test.store, id, 'starting')
    await takeKeys(test.store)
    const seen = new Set<string>()
    for (let look = 0; look < 3; look += 1) {
      const claim = await claimNow(test.store, id)
      await test.store.release(claim, { delayMs: 5_000 })
      const [key = ''] = await keysOf(id)
      expect(seen).not.toContain(key)
      seen.add(key)
      const work = await test.store.unfinishedWork()
      expect(work).toEqual([{ queue: 'deployments', id }])
      await test.store.enqueue(work)
      expect(await test.store.unfinishedWork()).toEqual([])
      expect(await keysOf(id)).toEqual([key])
    }
  })

  it('a lease that is given back without more leaves no job', async () => {
    const { id } = await deployTag(test.store, await newApp(test.store))
    await driveTo(test.store, id, 'starting')
    await takeKeys(test.store)
    await test.store.release(await claimNow(test.store, id))
    expect(await takeKeys(test.store)).toEqual([])
  })

  it('a change under the lease leaves a new job when the lease is given back', async () => {
    const { id } = await deployTag(test.store, await newApp(test.store))
    await driveTo(test.store, id, 'starting')
    const claim = await claimNow(test.store, id)
    await test.store.requestDeployment(id, { kind: 'cancel', actor: 'anna', reason: null })
    const told = await keysOf(id)
    await test.store.release(claim, { delayMs: 60_000 })
    const again = await keysOf(id)
    expect(again).toHaveLength(1)
    expect(told).not.toContain(again[0])
  })

  it('a lease that was lost gives nothing back', async () => {
    const { id } = await deployTag(test.store, await newApp(test.store))
    await driveTo(test.store, id, 'starting')
    const stale = await claimNow(test.store, id)
    await test.sql(`UPDATE deployments SET lease_expires_at = now() - interval '1 s' WHERE id = $1`, [id])
    await claimNow(test.store, id, 'w2')
    await takeKeys(test.store)
    await test.store.release(stale, { delayMs: 1 })
    expect(await takeKeys(test.store)).toEqual([])
    expect(await test.store.claim(id, 'w3', 1_000)).toBeNull()
  })
})

describe('unfinishedWork', () => {
  it('finds what has lost its job, and only that', async () => {
    const app = await newApp(test.store)
    const { id, releaseId } = await deployTag(test.store, app)
    expect(await test.store.unfinishedWork()).toEqual([])
    await takeKeys(test.store)
    expect(await test.store.unfinishedWork()).toEqual([{ queue: 'deployments', id }])

    await driveTo(test.store, id, 'building')
    await takeKeys(test.store)
    const claim = await claimNow(test.store, id)
    await test.store.ensureBuild(claim)
    await takeKeys(test.store)
    await test.store.release(claim)
    expect(await test.store.unfinishedWork()).toEqual([{ queue: 'builds', id: releaseId }])
    await test.store.claimBuild(releaseId, 'b1', 60_000)
    expect(await test.store.unfinishedWork()).toEqual([])

    const again = await claimNow(test.store, id)
    expect(await test.store.commit(again, change('cancelRequested', 'canceling'))).toBe(true)
    await takeKeys(test.store)
    expect(await test.store.unfinishedWork()).toEqual([{ queue: 'deployments', id }])
    await claimNow(test.store, id)
    expect(await test.store.unfinishedWork()).toEqual([])
  })
})
