import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Installation, startInstallation } from '../support/installation.ts'
import { localBase, quickManifest, type SampleApp, sampleApp } from '../support/sample-app.ts'

describe('the hold of a rollback', () => {
  let at: Installation
  let shop: SampleApp
  beforeAll(async () => {
    at = await startInstallation()
    shop = await sampleApp(quickManifest.replace('bake: 1s', 'bake: 60s'))
    await at.json(['app', 'add', 'shop', '--build-arg', await localBase()])
    for (const version of ['1.0.0', '1.1.0']) {
      await shop.version(version)
      expect((await at.push('shop', shop, `v${version}`)).stderr).toContain('serves at')
    }
  })
  afterAll(async () => {
    await shop?.[Symbol.asyncDispose]()
    await at?.[Symbol.asyncDispose]()
  })

  it('that was lifted while the route still moved back stays lifted', async () => {
    const params = { app: 'shop' }
    const { live, warm } = await at.client.getApp({ params })
    expect([live?.tag, warm?.tag]).toEqual(['v1.1.0', 'v1.0.0'])
    await at.client.rollBack({ params, body: { reason: 'test' } })
    expect((await at.client.getApp({ params })).hold).toMatchObject({ reason: 'test' })
    await at.client.resume({ params })
    const newest = async () => (await at.client.listDeployments({ params, query: { limit: 1 } })).items[0]
    await expect.poll(async () => (await newest())?.state, { timeout: 30_000 }).toBe('rolledBack')
    expect((await at.fetch('shop.localhost')).version).toBe('1.0.0')
    expect((await at.client.getApp({ params })).hold).toBeNull()
  })
})
