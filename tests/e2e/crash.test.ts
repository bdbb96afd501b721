import { existsSync } from 'node:fs'
import type { AppJson, DeploymentJson } from '@tagship/api'
import { createDocker } from '@tagship/kit'
import { startProber } from '@tagship/prober'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Installation, startInstallation } from '../support/installation.ts'
import { localBase, type SampleApp, sampleApp } from '../support/sample-app.ts'

/** Where the controller kills itself: before the act, in it, after it, and after the commit. */
const points = [
  'building.claimed',
  'build.built',
  'starting.instanceStarted',
  'verifying.acted',
  'switching.beforeSwitch',
  'switching.afterSwitch',
  'switching.committed',
  'draining.acted',
  'baking.committed',
] as const

describe('kill -9 of the controller', () => {
  let at: Installation
  let shop: SampleApp
  let number = 0

  beforeAll(async () => {
    at = await startInstallation()
    shop = await sampleApp()
    await at.json(['app', 'add', 'shop', '--build-arg', await localBase()])
    await shop.version('0.0.0')
    await at.push('shop', shop, 'main', 'v0.0.0')
    await at.json(['deploy', 'shop', 'v0.0.0', '--wait=live'])
  })
  afterAll(async () => {
    await shop?.[Symbol.asyncDispose]()
    await at?.[Symbol.asyncDispose]()
  })

  it.each(points)('at %s is made good by the next controller, and no request notices', async (point) => {
    number += 1
    const version = `0.0.${number}`
    await shop.version(version)
    await restartWith({ TAGSHIP_FAULT: point })
    const prober = startProber({
      url: `http://127.0.0.1:${at.httpPort}`,
      host: 'shop.localhost',
      streamMs: 2_000,
      webSocketMs: 3_000,
    })
    const pid = await at.pid()
    // The push loses its controller; git has accepted the tag all the same.
    await at.push('shop', shop, 'main', `v${version}`)
    await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 30_000 }).toBe(false)

    expect((await at.up()).exitCode).toBe(0)
    await expect.poll(async () => (await latest()).state, { timeout: 40_000 }).toBe('live')
    const traffic = await prober.stop()

    expect(traffic.total.failures).toEqual([])
    expect((await at.fetch('shop.localhost')).version).toBe(version)
    await expectOneOfEverything(version)
  })

  it('during a rollback ends with the old release, and nothing twice', async () => {
    const { tag } = await latest()
    const before = await at.json<unknown[]>(['deployments', 'shop', '-n', '100'])
    await restartWith({ TAGSHIP_FAULT: 'switching.afterSwitch' })
    const pid = await at.pid()
    await at.tagship('rollback', 'shop', '--detach')
    await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 30_000 }).toBe(false)
    expect((await at.up()).exitCode).toBe(0)
    await expect.poll(async () => (await latest()).state, { timeout: 40_000 }).toBe('live')
    const after = await at.json<DeploymentJson[]>(['deployments', 'shop', '-n', '100'])
    expect(after).toHaveLength(before.length + 1)
    expect(after[0]).toMatchObject({ trigger: 'rollback', state: 'live' })
    expect(after[0]?.tag).not.toBe(tag)
  })

  it.each(['removing.claimed', 'removing.routeGone', 'removing.instancesGone'])(
    'at %s, while an app is removed, leaves nothing of it to a new app of that name',
    async (point) => {
      await at.json(['app', 'add', 'gone', '--build-arg', await localBase()])
      await at.push('gone', shop, 'main', 'v0.0.0')
      await expect.poll(async () => (await at.fetch('gone.localhost')).status, { timeout: 30_000 }).toBe(200)
      await expect.poll(async () => (await latest('gone')).state, { timeout: 30_000 }).toBe('live')

      await restartWith({ TAGSHIP_FAULT: point })
      const pid = await at.pid()
      await at.tagship('app', 'remove', 'gone', '--yes')
      await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 30_000 }).toBe(false)
      expect((await at.up()).exitCode).toBe(0)

      await expect
        .poll(async () => (await at.tagship('app', 'add', 'gone')).exitCode, { timeout: 30_000 })
        .toBe(0)
      expect(await at.json(['tags', 'gone'])).toEqual([])
      expect((await at.fetch('gone.localhost')).status).toBe(503)
      const own = { label: ['dev.tagship.app=gone', `dev.tagship=${at.id}`] }
      expect(await docker.listContainers({ all: true, filters: own })).toEqual([])
      expect((await at.tagship('app', 'remove', 'gone', '--yes')).exitCode).toBe(0)
    },
  )

  async function restartWith(env: Record<string, string>): Promise<void> {
    await at.tagship('down', '--data', at.data)
    expect((await at.up(env)).exitCode).toBe(0)
  }

  async function latest(app = 'shop'): Promise<DeploymentJson> {
    const { items } = await at.client.listDeployments({ params: { app }, query: { limit: 1 } })
    if (!items[0]) throw new Error('there is no deployment')
    return items[0]
  }

  /** One live slot, its two instances and no others, one build, and a history that holds. */
  async function expectOneOfEverything(version: string): Promise<void> {
    const { live } = await at.json<AppJson>(['app', 'show', 'shop'])
    expect(live?.tag).toBe(`v${version}`)
    const own = { label: [`dev.tagship.app=shop`, `dev.tagship.deployment=${live?.deployment}`] }
    const all = { label: ['dev.tagship.app=shop', `dev.tagship=${at.id}`] }
    await expect
      .poll(async () => (await docker.listContainers({ all: true, filters: all })).length, {
        timeout: 60_000,
      })
      .toBe(2)
    expect(await docker.listContainers({ filters: own })).toHaveLength(2)
    expect((await at.tagship('audit', 'verify')).exitCode).toBe(0)
  }

  const docker = createDocker()
})
