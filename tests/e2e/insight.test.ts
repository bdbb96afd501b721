/** What the API shows of a real installation: a real router's figures, instances, changes, figures, the system. */
import type { FiguresJson } from '@tagship/api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Installation, startInstallation } from '../support/installation.ts'
import { localBase, quickManifest, type SampleApp, sampleApp } from '../support/sample-app.ts'

const params = { app: 'shop' }

describe('what pages show', () => {
  let at: Installation
  let shop: SampleApp

  beforeAll(async () => {
    at = await startInstallation()
    // How long it takes to boot is not what this is about.
    shop = await sampleApp(quickManifest.replace('deadline: 10s', 'deadline: 60s'))
    await at.json(['app', 'add', 'shop', '--build-arg', await localBase()])
    await shop.version('1.0.0')
    expect((await at.push('shop', shop, 'main', 'v1.0.0')).stderr).toContain('serves at')
    await at.client.changeEnv({ params, body: { env: { GREETING: 'hello' }, deploy: false } })
    await shop.version('1.1.0', { 'NOTES.txt': 'one\ntwo\n' })
    expect((await at.push('shop', shop, 'main', 'v1.1.0')).stderr).toContain('serves at')
  })
  afterAll(async () => {
    await shop?.[Symbol.asyncDispose]()
    await at?.[Symbol.asyncDispose]()
  })

  it('shows the live slot healthy, with its instances', async () => {
    const stream = await at.client.follow.readTraffic({ signal: AbortSignal.timeout(60_000) })
    for await (const look of stream) {
      const [app] = look.apps
      const live = app?.slots.find(({ slot }) => slot === app.live)
      if (live?.up === 2) break
    }
    const { items, counts } = await at.client.readOverview()
    expect(counts).toMatchObject({ apps: 1, live: 1, matching: 1, alerting: 0 })
    expect(items).toMatchObject([{ health: 'healthy', alerts: [], app: { live: { tag: 'v1.1.0' } } }])
    const instances = await at.client.listInstances({ params })
    expect(instances.seen).toBe(true)
    const serving = instances.items.filter(({ live }) => live)
    expect(serving).toMatchObject([
      { process: 'web', state: 'running', health: 'healthy', restarts: 0, port: 8080 },
      { process: 'web', state: 'running', health: 'healthy' },
    ])
    expect(serving[0]?.startedAt).not.toBeNull()
  })

  it('counts the requests of the live slot, per second and in the last hour', async () => {
    const sent = 60
    const stream = await at.client.follow.readTraffic({
      query: { app: 'shop' },
      signal: AbortSignal.timeout(60_000),
    })
    const lastHour = async () => {
      const [card] = (await at.client.readOverview()).items
      return card?.traffic?.requests.reduce((sum, one) => sum + one, 0) ?? 0
    }
    await Promise.all(Array.from({ length: sent }, () => at.fetch('shop.localhost')))
    let fastest = 0
    for await (const { apps } of stream) {
      // The first looks may be from before.
      const live = apps[0]?.slots.find(({ slot }) => slot === apps[0]?.live)
      fastest = Math.max(fastest, live?.requestsPerSecond ?? 0)
      if ((await lastHour()) >= sent) break
    }
    expect(fastest).toBeGreaterThan(2)
    const [card] = (await at.client.readOverview()).items
    expect(card?.traffic?.errors.every((errors) => errors === 0)).toBe(true)
  })

  it('shows what the newest deployment changed', async () => {
    const { items } = await at.client.listDeployments({ params })
    const [newest] = items
    expect(newest).toMatchObject({
      subject: 'Release 1.1.0',
      serving: true,
      rollback: { possible: false },
      durations: { build: expect.any(Number), switch: expect.any(Number), toServing: expect.any(Number) },
    })
    const id = newest?.id ?? ''
    const changes = await at.client.readChanges({ params: { id } })
    expect(changes).toMatchObject({
      base: { name: 'v1', tag: 'v1.0.0' },
      added: { total: 1, items: [{ subject: 'Release 1.1.0' }] },
      undone: { total: 0 },
      env: { added: ['GREETING'], removed: [], changed: [] },
      manifest: [],
    })
    expect(changes.files?.items).toEqual([
      { path: 'NOTES.txt', change: 'added', insertions: 2, deletions: 0 },
      { path: 'VERSION', change: 'changed', insertions: 1, deletions: 1 },
    ])
    expect(changes.image.layers?.shared.length).toBeGreaterThan(0)
    expect(changes.image.layers?.added.length).toBeGreaterThan(0)
    const image = await at.client.readImage({ params: { id } })
    expect(image).toMatchObject({ present: true, digest: newest?.imageDigest })
    const { items: attempts } = await at.client.listHealthAttempts({ params: { id } })
    expect(new Set(attempts.filter(({ healthy }) => healthy).map(({ instance }) => instance)).size).toBe(2)
  })

  it('previews a rollback', async () => {
    const preview = await at.client.previewRollback({ params })
    expect(preview).toMatchObject({
      from: { tag: 'v1.1.0' },
      to: { tag: 'v1.0.0' },
      imagePresent: true,
      hold: null,
      changes: { undone: { total: 1 }, env: { removed: ['GREETING'] } },
    })
    expect((await at.client.getApp({ params })).live).toMatchObject({ tag: 'v1.1.0' })
  })

  it('says how the control plane is', async () => {
    const system = await at.client.readSystem()
    expect(system).toMatchObject({
      installation: at.id,
      ready: { ok: true },
      controllers: [{ self: true, url: at.url, stopping: false }],
      router: { problem: null, running: { asConfigured: true } },
      versions: { node: process.versions.node, docker: expect.any(String), postgres: expect.any(String) },
    })
    expect(system.queues?.map(({ name }) => name)).toContain('deployments')
    expect(system.disk.databaseBytes).toBeGreaterThan(0)
    const { items } = await at.client.readDoctor()
    expect(items.find(({ name }) => name === 'git')).toMatchObject({ ok: true })
  })

  it('tells the figures, in the API and on the command line', async () => {
    const figures = await at.json<FiguresJson>(['figures', 'shop', '--since', '7d'])
    expect(figures).toMatchObject({
      app: 'shop',
      deploymentFrequency: { samples: 2 },
      successRate: { rate: 1, samples: 2 },
      leadTime: { samples: 2 },
    })
    const { stdout, exitCode } = await at.tagship('figures')
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/deployment frequency .* a day \(2 changes served\)/)
    expect((await at.tagship('figures', '--since', 'soon')).exitCode).toBe(2)
  })
})
