import { randomUUID } from 'node:crypto'
import { parseImageDigest, parseManifest } from '@tagship/domain'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Store } from '../src/index.ts'
import {
  change,
  claimNow,
  commitOf,
  deploymentsOf,
  deployTag,
  digest,
  driveTo,
  finishBuild,
  leaseMs,
  manifest,
  newApp,
  openTestStore,
  type TestStore,
  takeKeys,
} from './fixtures.ts'

let test: TestStore
let store: Store

beforeAll(async () => {
  test = await openTestStore()
  store = test.store
})
afterAll(() => test[Symbol.asyncDispose]())

describe('createDeployment', () => {
  it('makes a release and a deployment that waits, and tells about it', async () => {
    const app = await newApp(store)
    await takeKeys(store)
    const deployment = await deployTag(store, app)
    expect(deployment).toMatchObject({
      app: app.name,
      number: 1,
      releaseNumber: 1,
      tag: 'v1.0.0',
      commit: commitOf('a'),
      imageDigest: null,
      revision: null,
      state: 'queued',
      slot: null,
      trigger: 'manual',
      actor: 'anna',
      startedAt: null,
      failure: null,
      version: 1,
      phases: [{ name: 'queued', finishedAt: null }],
    })
    expect(await takeKeys(store)).toEqual([`deployments ${deployment.id}-1-0`])
    const [event] = await store.listEvents({ deploymentId: deployment.id, limit: 10 })
    expect(event).toMatchObject({
      type: 'created',
      from: null,
      to: 'queued',
      detail: { tag: 'v1.0.0', number: 1 },
    })
  })

  it('supersedes the one that waits, and nudges the one that bakes', async () => {
    const app = await newApp(store)
    const first = await deployTag(store, app, 'v1.0.0')
    await driveTo(store, first.id, 'baking')
    const second = await deployTag(store, app, 'v2.0.0')
    await takeKeys(store)
    const before = await store.versionOf(first.id)
    const third = await deployTag(store, app, 'v3.0.0')
    expect(await store.deploymentById(second.id)).toMatchObject({
      state: 'canceled',
      failure: { phase: 'queued', code: 'deployment.superseded' },
      finishedAt: expect.any(Date),
    })
    const current = await store.currentDeployments([app.id])
    expect(current.map(({ id, state }) => [id, state])).toContainEqual([third.id, 'queued'])
    expect(await store.versionOf(first.id)).toBe(before + 1)
    expect((await takeKeys(store)).map((key) => key.slice(12, 48)).sort()).toEqual(
      [first.id, third.id].sort(),
    )
    expect((await claimNow(store, first.id)).newerWaits).toBe(true)
  })

  it('numbers those that are made at once without a gap, and leaves one waiting', async () => {
    const app = await newApp(store)
    const other = await test.another()
    const all = await Promise.all(
      Array.from({ length: 12 }, (_, at) => deployTag(at % 2 ? store : other, app, `v1.0.${at}`)),
    )
    expect(all.map(({ number }) => number).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 12 }, (_, at) => at + 1),
    )
    const states = (await deploymentsOf(store, app.id)).map(({ state }) => state)
    expect(states).toEqual(['queued', ...Array(11).fill('canceled')])
  })

  it('deploys a tag by itself once', async () => {
    const app = await newApp(store)
    const request = {
      app,
      trigger: 'tag',
      actor: 'tagship',
      reason: null,
      what: { kind: 'commit', commit: commitOf('a'), tag: 'v1.0.0' as never },
    } as const
    const made = await Promise.all([store.createDeployment(request), store.createDeployment(request)])
    expect(made.filter((deployment) => deployment !== null)).toHaveLength(1)
    expect(await store.createDeployment({ ...request, trigger: 'manual' })).toMatchObject({ number: 2 })
  })

  it('a rollback brings image and revision back, without a build', async () => {
    const app = await newApp(store)
    const first = await deployTag(store, app, 'v1.0.0')
    await driveTo(store, first.id, 'live')
    const back = await store.createDeployment({
      app,
      trigger: 'rollback',
      actor: 'anna',
      reason: 'slow',
      what: { kind: 'release', releaseId: first.releaseId },
    })
    if (!back) throw new Error('no deployment')
    expect(back).toMatchObject({ releaseNumber: 2, tag: 'v1.0.0', imageDigest: digest, revision: 1 })
    expect(await store.releaseByNumber(app.id, 2)).toMatchObject({ sourceRelease: 1, imageBytes: 1_000 })
    await driveTo(store, back.id, 'building')
    const claim = await claimNow(store, back.id)
    expect(claim.manifest).toEqual(manifest)
    expect(await store.ensureBuild(claim)).toEqual({ state: 'succeeded', failure: null })
    expect(await store.claimBuild(back.releaseId, 'b', leaseMs)).toBeNull()
  })

  it('a rebuild is a new release of the same commit and revision, with an image of its own', async () => {
    const app = await newApp(store)
    const first = await deployTag(store, app)
    await driveTo(store, first.id, 'live')
    const old = await store.releaseByNumber(app.id, 1)
    const again = await store.createDeployment({
      app,
      trigger: 'heal',
      actor: 'tagship',
      reason: 'its image is gone',
      what: { kind: 'rebuild', releaseId: first.releaseId },
    })
    expect(again).toMatchObject({ releaseNumber: 2, tag: 'v1.0.0', commit: old?.commit, imageDigest: null })
    expect(again?.revision).toBe(old?.revision)
    await driveTo(store, again?.id ?? '', 'building')
    await store.ensureBuild(await claimNow(store, again?.id ?? ''))
    const build = await store.claimBuild(again?.releaseId ?? '', 'builder', leaseMs)
    if (!build) throw new Error('there is no build')
    // What the commit says today does not matter: the revision is the one of then.
    await store.saveRevision(build, parseManifest('rollout: { keepWarm: 1m }'), 'b'.repeat(64))
    const image = { digest: parseImageDigest(`sha256:${'9'.repeat(64)}`), bytes: 1 }
    await store.finishBuild(build, { image, reused: false })
    const made = await store.releaseByNumber(app.id, 2)
    expect(made).toMatchObject({ imageDigest: image.digest, revision: old?.revision, commit: old?.commit })
    expect(await store.releaseByNumber(app.id, 1)).toMatchObject({ imageDigest: old?.imageDigest })
    expect((await store.verifyHistory()).apps.find((one) => one.app === app.name)?.broken).toBeNull()
  })

  it('refuses a release of another app', async () => {
    const { releaseId } = await deployTag(store, await newApp(store))
    const what = { kind: 'release', releaseId } as const
    const request = { app: await newApp(store), trigger: 'rollback', actor: 'x', reason: null, what } as const
    await expect(store.createDeployment(request)).rejects.toMatchObject({ code: 'release.notFound' })
  })
})

describe('reading', () => {
  it('pages from the newest, with the phases of each', async () => {
    const app = await newApp(store)
    for (const tag of ['v1.0.0', 'v2.0.0', 'v3.0.0']) {
      await driveTo(store, (await deployTag(store, app, tag)).id, 'live')
    }
    const filter = { apps: [app.id] }
    const page = await store.findDeployments(filter, { limit: 2 })
    expect(page.deployments.map(({ number }) => number)).toEqual([3, 2])
    if (!page.next) throw new Error('there is no second page')
    const second = await store.findDeployments(filter, { after: page.next, limit: 2 })
    expect(second).toMatchObject({ deployments: [{ number: 1 }], next: null })
    const [newest, older] = page.deployments
    expect(newest?.phases.map(({ name }) => name)).toEqual([
      'queued',
      'building',
      'releasing',
      'starting',
      'verifying',
      'switching',
      'draining',
      'baking',
      'live',
    ])
    expect(older).toMatchObject({
      state: 'retired',
      startedAt: expect.any(Date),
      servingAt: expect.any(Date),
    })
    expect(older?.phases.every(({ finishedAt }) => finishedAt !== null)).toBe(true)
    expect(await store.liveDeployment(app.id)).toEqual(newest)
    expect(await store.activeDeployment(app.id)).toBeNull()
  })

  it('tells releases, and the one that served before', async () => {
    const app = await newApp(store)
    const first = await deployTag(store, app, 'v1.0.0')
    await driveTo(store, first.id, 'live')
    expect(await store.previousServed(app.id)).toBeNull()
    const second = await deployTag(store, app, 'v2.0.0')
    await driveTo(store, second.id, 'building')
    const build = await store
      .ensureBuild(await claimNow(store, second.id))
      .then(() => store.claimBuild(second.releaseId, 'b', leaseMs))
    if (!build) throw new Error('no build')
    await store.saveRevision(build, parseManifest('rollout: { bake: 1s }'), 'f'.repeat(64))
    const image = { digest: `sha256:${'9'.repeat(64)}` as never, bytes: 2_000 }
    await store.finishBuild(build, { image, reused: false })
    await test.sql(`UPDATE deployments SET lease_holder = NULL, lease_expires_at = NULL WHERE id = $1`, [
      second.id,
    ])
    await driveTo(store, second.id, 'live')
    expect(await store.previousServed(app.id)).toMatchObject({ number: 1, live: false, hasServed: true })
    expect(await store.listReleases(app.id, { limit: 10 })).toMatchObject([
      { number: 2, tag: 'v2.0.0', live: true, hasServed: true, revision: 2, imageBytes: 2_000 },
      { number: 1, tag: 'v1.0.0', live: false, hasServed: true, revision: 1 },
    ])
    await deployTag(store, app, 'v1.0.0')
    expect(await store.releaseByTag(app.id, 'v1.0.0')).toMatchObject({ number: 1, hasServed: true })
    expect(await store.releaseByTag(app.id, 'v9')).toBeNull()
    const attempted = [...(await store.attemptedTags(app.id))].map(([tag, { last }]) => [tag, last])
    expect(attempted.sort()).toEqual([
      ['v1.0.0', 'underWay'],
      ['v2.0.0', 'served'],
    ])
  })

  it('knows routes by what holds a slot', async () => {
    const app = await newApp(store)
    const instance = (id: string, slot: 'blue' | 'green', deploymentId: string) => ({
      id,
      name: `n-${id}`,
      app: app.name,
      deploymentId,
      release: 1,
      slot,
      process: 'web' as never,
      ordinal: 0,
      address: '10.0.0.1',
      state: 'running' as const,
      restarts: 0,
      exitCode: null,
      outOfMemory: false,
      note: null,
      health: 'none' as const,
      port: 8080,
    })
    const first = await deployTag(store, app, 'v1.0.0')
    await driveTo(store, first.id, 'live')
    const [blue, green, job] = [randomUUID(), randomUUID(), randomUUID()]
    await store.recordInstances(first.id, [instance(blue, 'blue', first.id)])
    await store.recordInstances(first.id, [
      instance(blue, 'blue', first.id),
      { ...instance(job, 'blue', first.id), process: 'worker' as never, port: null },
    ])
    const second = await deployTag(store, app, 'v2.0.0')
    await driveTo(store, second.id, 'baking')
    await store.recordInstances(second.id, [instance(green, 'green', second.id)])
    const route = async () => (await store.routes('docker')).find(({ seat }) => seat === app.seat)
    const target = (id: string) => ({ name: `n-${id}`, address: '10.0.0.1', port: 8080 })
    expect(await route()).toEqual({
      seat: app.seat,
      app: app.name,
      hosts: app.hosts,
      live: 'green',
      targets: { blue: [target(blue)], green: [target(green)] },
      fence: await store.currentFence(app.id),
      filling: null,
      turning: false,
    })
    await driveTo(store, second.id, 'live')
    expect((await route())?.targets.blue).toEqual([target(blue)])
    const at = (address: string | null, unsettled = false) => [{ id: green, address, unsettled }]
    expect(await store.noteAddresses(second.id, at('10.0.0.1'))).toBe(null)
    expect(await store.noteAddresses(second.id, at(null, true))).toBe(null)
    expect(await store.noteAddresses(second.id, [])).toEqual({ targets: [], gone: [`n-${green}`] })
    expect((await route())?.targets.green).toEqual([])
    expect(await store.countInstances(second.id)).toBe(1)
    expect(await store.noteAddresses(second.id, at('10.0.0.1'))).toEqual({
      targets: [target(green)],
      gone: [],
    })
    await store.markInstancesRemoved(first.id)
    expect((await route())?.targets).toEqual({ blue: [], green: [target(green)] })
    const third = await deployTag(store, app, 'v3.0.0')
    await driveTo(store, third.id, 'starting')
    expect(await route()).toMatchObject({ live: 'green', filling: 'blue', turning: false })
    await driveTo(store, third.id, 'switching')
    expect(await route()).toMatchObject({ live: 'green', filling: 'blue', turning: true })
    await driveTo(store, third.id, 'draining')
    expect(await route()).toMatchObject({ live: 'blue', filling: null, turning: false })
  })
})

describe('requestDeployment', () => {
  const anna = { actor: 'anna', reason: 'why not' } as const

  it('cancels at once what waits', async () => {
    const { id } = await deployTag(store, await newApp(store))
    expect(await store.requestDeployment(id, { kind: 'cancel', ...anna })).toMatchObject({
      state: 'canceled',
      failure: { phase: 'queued', code: 'deployment.canceled' },
    })
  })

  it('notes the wish, wakes the deployment, and takes the same wish once', async () => {
    const { id } = await deployTag(store, await newApp(store))
    await driveTo(store, id, 'verifying')
    const version = await store.versionOf(id)
    await takeKeys(store)
    await store.requestDeployment(id, { kind: 'cancel', ...anna })
    await store.requestDeployment(id, { kind: 'cancel', ...anna })
    expect(await store.versionOf(id)).toBe(version + 1)
    expect(await takeKeys(store)).toHaveLength(1)
    const asked = (await store.listEvents({ deploymentId: id, limit: 50 })).at(-1)
    expect(asked).toMatchObject({
      type: 'requested',
      actor: 'anna',
      reason: 'why not',
      detail: { kind: 'cancel' },
    })
    expect((await claimNow(store, id)).request).toEqual({ kind: 'cancel', ...anna })
  })

  it.each([
    ['promote', 'verifying'],
    ['cancel', 'baking'],
    ['cancel', 'live'],
    ['rollback', 'live'],
    ['promote', 'queued'],
  ] as const)('refuses to %s what is %s', async (kind, state) => {
    const { id } = await deployTag(store, await newApp(store))
    await driveTo(store, id, state)
    await expect(store.requestDeployment(id, { kind, ...anna })).rejects.toMatchObject({
      code: 'request.conflict',
      message: expect.stringContaining(state),
    })
  })

  it('knows no deployment by that id', async () => {
    const asking = store.requestDeployment(randomUUID(), { kind: 'cancel', ...anna })
    await expect(asking).rejects.toMatchObject({ code: 'deployment.notFound' })
  })
})

describe('builds', () => {
  async function building() {
    const app = await newApp(store)
    const deployment = await deployTag(store, app)
    await driveTo(store, deployment.id, 'building')
    const claim = await claimNow(store, deployment.id)
    await takeKeys(store)
    return { app, deployment, claim }
  }

  it('one job, one worker, one digest', async () => {
    const {
      claim,
      deployment: { id, releaseId },
    } = await building()
    expect(await store.ensureBuild(claim)).toEqual({ state: 'pending', failure: null })
    expect(await store.ensureBuild(claim)).toEqual({ state: 'pending', failure: null })
    expect(await takeKeys(store)).toEqual([`builds ${releaseId}-0`])
    const claims = await Promise.all(
      ['a', 'b', 'c'].map((worker) => store.claimBuild(releaseId, worker, leaseMs)),
    )
    const [build] = claims.filter((one) => one !== null)
    expect(claims.filter((one) => one !== null)).toHaveLength(1)
    if (!build) throw new Error('no build')
    expect(build).toMatchObject({ deploymentId: id, release: 1, commit: commitOf('a'), tag: 'v1.0.0' })
    expect(await store.renewBuild(build, leaseMs)).toBe(true)
    expect(await store.buildIsWanted(build)).toBe(true)
    await store.saveRevision(build, manifest, 'e'.repeat(64))
    await store.saveRevision(build, manifest, 'e'.repeat(64))
    await store.finishBuild(build, { image: { digest, bytes: 5 }, reused: true })
    await store.finishBuild(build, { failure: { code: 'build.failed', message: 'late' } })
    expect(await store.versionOf(id)).toBe(claim.deployment.version + 1)
    expect(await takeKeys(store)).toEqual([expect.stringContaining(id)])
    await store.release(claim)
    const again = await claimNow(store, id)
    expect(again).toMatchObject({ deployment: { imageDigest: digest, revision: 1 }, manifest })
    expect(await store.ensureBuild(again)).toEqual({ state: 'succeeded', failure: null })
    expect(await store.renewBuild(build, leaseMs)).toBe(false)
  })

  it('tells the failure', async () => {
    const { claim, deployment } = await building()
    await store.ensureBuild(claim)
    const build = await store.claimBuild(deployment.releaseId, 'b', leaseMs)
    if (!build) throw new Error('no build')
    await store.finishBuild(build, { failure: { code: 'build.timeout', message: '20m' } })
    expect(await store.ensureBuild(claim)).toEqual({
      state: 'failed',
      failure: { code: 'build.timeout', message: '20m' },
    })
  })

  it('a worker that lost its lease finishes nothing', async () => {
    const {
      claim,
      deployment: { releaseId },
    } = await building()
    await store.ensureBuild(claim)
    const stale = await store.claimBuild(releaseId, 'a', 0)
    const fresh = await store.claimBuild(releaseId, 'b', leaseMs)
    if (!stale || !fresh) throw new Error('no build')
    await store.saveRevision(stale, manifest, '0'.repeat(64))
    await store.finishBuild(stale, { image: { digest, bytes: 5 }, reused: false })
    expect(await store.ensureBuild(claim)).toMatchObject({ state: 'running' })
    expect(await store.buildIsWanted(stale)).toBe(false)
  })

  it('is given back to the next worker under a new key', async () => {
    const {
      claim,
      deployment: { releaseId },
    } = await building()
    await store.ensureBuild(claim)
    const first = await store.claimBuild(releaseId, 'a', leaseMs)
    if (!first) throw new Error('no build')
    const before = await takeKeys(store)
    await store.releaseBuild(first)
    const after = await takeKeys(store)
    expect(after).toHaveLength(1)
    expect(before).not.toContain(after[0])
    expect(await store.claimBuild(releaseId, 'b', leaseMs)).not.toBeNull()
  })

  it('is not begun, and not wanted, once the deployment has left building', async () => {
    const {
      claim,
      deployment: { releaseId },
    } = await building()
    await store.ensureBuild(claim)
    const build = await store.claimBuild(releaseId, 'a', 0)
    if (!build) throw new Error('no build')
    await store.commit(claim, change('cancelRequested', 'canceling'))
    expect(await store.buildIsWanted(build)).toBe(false)
    expect(await store.claimBuild(releaseId, 'b', leaseMs)).toBeNull()
  })

  it('is ended by others where its worker died after the cancel, and only then', async () => {
    const {
      claim,
      deployment: { releaseId },
    } = await building()
    await store.ensureBuild(claim)
    const build = await store.claimBuild(releaseId, 'a', leaseMs)
    if (build) await store.saveRevision(build, manifest, 'e'.repeat(64))
    await store.endUnwantedBuild(releaseId)
    expect(await store.ensureBuild(claim)).toMatchObject({ state: 'running' })
    await store.commit(claim, change('cancelRequested', 'canceling'))
    await store.endUnwantedBuild(releaseId)
    expect(await store.ensureBuild(claim)).toMatchObject({ state: 'running' })
    const unwanted = async () =>
      (await store.unwantedBuilds()).filter((build) => build.releaseId === releaseId)
    expect(await unwanted()).toEqual([])
    await store.endLeases('a')
    expect(await unwanted()).toEqual([{ releaseId, app: claim.app.name, buildKey: 'e'.repeat(64) }])
    await store.endUnwantedBuild(releaseId)
    expect(await unwanted()).toEqual([])
    expect(await store.ensureBuild(claim)).toMatchObject({
      state: 'failed',
      failure: { code: 'build.canceled' },
    })
  })

  it('goes on under a new fence and a new key once its worker is known to be dead', async () => {
    const {
      claim,
      deployment: { releaseId },
    } = await building()
    await store.ensureBuild(claim)
    const build = await store.claimBuild(releaseId, 'dead:1', leaseMs)
    if (!build) throw new Error('no build')
    const before = await takeKeys(store)
    await store.endLeases('dead:')
    const after = await takeKeys(store)
    expect(after.length).toBeGreaterThan(0)
    expect(before).not.toContain(after[0])
    expect(await store.renewBuild(build, leaseMs)).toBe(false)
    expect(await store.claimBuild(releaseId, 'b', leaseMs)).not.toBeNull()
  })

  it('makes an equal revision once an app', async () => {
    const { app, deployment, claim } = await building()
    await store.ensureBuild(claim)
    await store.release(claim)
    await finishBuild(store, deployment.releaseId)
    await driveTo(store, deployment.id, 'live')
    const next = await deployTag(store, app, 'v2.0.0')
    await driveTo(store, next.id, 'releasing')
    expect((await store.deploymentById(next.id))?.revision).toBe(1)
    expect(await test.sql('SELECT number FROM revisions WHERE app_id = $1', [app.id])).toEqual([
      { number: 1 },
    ])
  })
})
