import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Store } from '../src/index.ts'
import {
  advance,
  change,
  claimNow,
  deployTag,
  driveTo,
  leaseMs,
  newApp,
  openTestStore,
  type TestStore,
  takeKeys,
} from './fixtures.ts'

let test: TestStore
let store: Store
let other: Store

beforeAll(async () => {
  test = await openTestStore()
  store = test.store
  other = await test.another()
})
afterAll(() => test[Symbol.asyncDispose]())

async function building(): Promise<string> {
  const { id } = await deployTag(store, await newApp(store))
  await driveTo(store, id, 'building')
  return id
}

const expireLease = (id: string) =>
  test.sql(`UPDATE deployments SET lease_expires_at = now() - interval '1 second' WHERE id = $1`, [id])

describe('claim', () => {
  it('gives the lease to one of many workers', async () => {
    const id = await building()
    const claims = await Promise.all(
      Array.from({ length: 10 }, (_, worker) =>
        (worker % 2 ? store : other).claim(id, `w${worker}`, leaseMs),
      ),
    )
    expect(claims.filter((claim) => claim !== null)).toHaveLength(1)
  })

  it('gives it again when it is given back, or has run out, each time with a higher fence', async () => {
    const id = await building()
    const first = await claimNow(store, id)
    expect(await store.claim(id, 'w2', leaseMs)).toBeNull()
    await store.release(first)
    const second = await claimNow(store, id, 'w2')
    expect(second.fence).toBeGreaterThan(first.fence)
    await expireLease(id)
    expect((await claimNow(store, id, 'w3')).fence).toBeGreaterThan(second.fence)
  })

  it('has higher fences over all apps', async () => {
    const one = await claimNow(store, await building())
    const two = await claimNow(store, await building())
    expect(two.fence).toBeGreaterThan(one.fence)
  })

  it('is refused where there is no step: queued, live', async () => {
    const { id } = await deployTag(store, await newApp(store))
    expect(await store.claim(id, 'w1', leaseMs)).toBeNull()
    await driveTo(store, id, 'live')
    expect(await store.claim(id, 'w1', leaseMs)).toBeNull()
  })

  it('has all that a step needs', async () => {
    const app = await newApp(store)
    const old = await deployTag(store, app, 'v1.0.0')
    await driveTo(store, old.id, 'live')
    const { id } = await deployTag(store, app, 'v2.0.0')
    await driveTo(store, id, 'draining')
    await deployTag(store, app, 'v3.0.0')
    const claim = await claimNow(store, id)
    expect(claim).toMatchObject({
      deployment: { id, state: 'draining', tag: 'v2.0.0', slot: 'green', revision: 1 },
      app: { id: app.id, liveSlot: 'green', servingDeploymentId: id, hosts: [`${app.name}.localhost`] },
      previous: { id: old.id, slot: 'blue', state: 'live' },
      manifest: { rollout: { keepWarm: 300_000 } },
      request: null,
      newerWaits: true,
      enteredWith: {},
      worker: 'w1',
    })
    expect(claim.deployment.phases.map(({ name }) => name)).toEqual([
      'queued',
      'building',
      'releasing',
      'starting',
      'verifying',
      'switching',
      'draining',
    ])
    expect(claim.deployment.phases.at(-1)?.finishedAt).toBeNull()
    expect(claim.deployment.phases.at(-1)?.startedAt).toEqual(claim.stateSince)
  })
})

describe('renew', () => {
  it('prolongs the lease of the holder and of no other', async () => {
    const id = await building()
    const stale = await claimNow(store, id)
    expect(await store.renew(stale, leaseMs)).toBe(true)
    await expireLease(id)
    const fresh = await claimNow(other, id, 'w2')
    expect(await store.renew(stale, leaseMs)).toBe(false)
    expect(await other.renew(fresh, leaseMs)).toBe(true)
  })
})

describe('commit', () => {
  it('writes nothing for a worker that woke up too late', async () => {
    const id = await building()
    const stale = await claimNow(store, id)
    await expireLease(id)
    const fresh = await claimNow(other, id, 'w2')
    const [before] = await test.sql('SELECT count(*) FROM events')
    expect(await store.commit(stale, change('built', 'releasing'))).toBe(false)
    expect(await test.sql('SELECT count(*) FROM events')).toEqual([before])
    expect((await store.deploymentById(id))?.state).toBe('building')
    expect(await other.commit(fresh, change('built', 'releasing'))).toBe(true)
    expect(await other.commit(fresh, change('released', 'starting'))).toBe(false)
  })

  it('writes nothing where somebody has wished for something meanwhile', async () => {
    const id = await building()
    const claim = await claimNow(store, id)
    await other.requestDeployment(id, { kind: 'cancel', actor: 'anna', reason: null })
    expect(await store.commit(claim, change('built', 'releasing'))).toBe(false)
    await store.release(claim)
    const again = await claimNow(store, id)
    expect(again.request).toEqual({ kind: 'cancel', actor: 'anna', reason: null })
    expect(await store.commit(again, change('cancelRequested', 'canceling'))).toBe(true)
    expect((await claimNow(store, id)).request).toBeNull()
  })

  it('retires what it replaces, keeps it warm, and lets the next one in', async () => {
    const app = await newApp(store)
    const old = await deployTag(store, app, 'v1.0.0')
    await driveTo(store, old.id, 'live')
    const { id } = await deployTag(store, app, 'v2.0.0')
    await driveTo(store, id, 'baking')
    const next = await deployTag(store, app, 'v3.0.0')
    expect(await store.claimQueued(next.id)).toBe(false)
    await takeKeys(store)
    await advance(store, id)
    expect(await store.deploymentById(old.id)).toMatchObject({ state: 'retired' })
    const [{ warm } = { warm: null }] = await test.sql<{ warm: number }>(
      `SELECT extract(epoch FROM warm_until - now())::int AS warm FROM deployments WHERE id = $1`,
      [old.id],
    )
    expect(warm).toBeGreaterThan(290)
    expect(await takeKeys(store)).toEqual([expect.stringMatching(`^deployments ${next.id}-`)])
    expect(await store.claimQueued(next.id)).toBe(true)
  })

  it('keeps the slot warm until it is needed', async () => {
    const app = await newApp(store)
    const old = await deployTag(store, app, 'v1.0.0')
    await driveTo(store, old.id, 'live')
    const { id } = await deployTag(store, app, 'v2.0.0')
    await driveTo(store, id, 'live')
    const next = await deployTag(store, app, 'v3.0.0')
    await driveTo(store, next.id, 'starting')
    const coldOnes = async () => {
      const expired = await store.expiredWarmSlots()
      return expired.filter(({ app: { id } }) => id === app.id).map(({ deployment }) => deployment.id)
    }
    expect(await coldOnes()).toEqual([])
    expect(await store.deploymentsWithInstances()).toContain(old.id)
    const claim = await claimNow(store, next.id)
    expect(await store.vacateSlot(claim)).toBe(true)
    expect(await coldOnes()).toEqual([old.id])
    await store.markInstancesRemoved(old.id)
    expect(await coldOnes()).toEqual([])
    expect(await store.vacateSlot(claim)).toBe(false)
    expect(await store.deploymentsWithInstances()).not.toContain(old.id)
  })

  it('knows whose slot has been taken by a later one', async () => {
    const app = await newApp(store)
    const old = await deployTag(store, app, 'v1.0.0')
    await driveTo(store, old.id, 'live')
    const between = await deployTag(store, app, 'v2.0.0')
    await driveTo(store, between.id, 'live')
    expect(await store.slotIsTaken(old.id)).toBe(false)
    const later = await deployTag(store, app, 'v3.0.0')
    for (const state of ['starting', 'live'] as const) {
      await driveTo(store, later.id, state)
      const taken = [old, between, later].map(({ id }) => store.slotIsTaken(id))
      expect(await Promise.all(taken), state).toEqual([true, false, false])
    }
  })

  it('tells who failed and why, and when', async () => {
    const id = await building()
    const claim = await claimNow(store, id)
    const failure = { phase: 'building', code: 'build.failed', message: 'exit 1 \0 here' } as const
    expect(await store.commit(claim, change('buildFailed', 'failed', { failure }))).toBe(true)
    expect(await store.deploymentById(id)).toMatchObject({
      state: 'failed',
      failure: { ...failure, message: 'exit 1  here' },
      finishedAt: expect.any(Date),
      servingAt: null,
    })
  })
})

describe('claimQueued', () => {
  it('lets one of the deployments that race for the place in', async () => {
    const app = await newApp(store)
    const first = await deployTag(store, app, 'v1.0.0')
    const moves = await Promise.all([store.claimQueued(first.id), other.claimQueued(first.id)])
    expect(moves.sort()).toEqual([false, true])
    const second = await deployTag(store, app, 'v2.0.0')
    expect(await store.claimQueued(second.id)).toBe(false)
    expect((await store.deploymentById(second.id))?.state).toBe('queued')
  })
})

describe('the speed of a step', () => {
  it('leaves the time to the work', async () => {
    const ids = await Promise.all(Array.from({ length: 10 }, building))
    const took: number[] = []
    for (const id of ids) {
      const start = performance.now()
      const claim = await claimNow(store, id)
      const claimed = performance.now()
      await store.commit(claim, change('built', 'releasing', { jobs: [{ queue: 'deployments', id }] }))
      took.push(claimed - start, performance.now() - claimed)
    }
    const median = took.sort((a, b) => a - b)[took.length / 2] ?? 0
    process.stdout.write(
      `claim or commit: median ${median.toFixed(1)} ms, worst ${took.at(-1)?.toFixed(1)} ms\n`,
    )
    expect(median).toBeLessThan(50)
  })
})
