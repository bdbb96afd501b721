/** An app moves from the machine to a cluster, and back. */
import { createDocker } from '@tagship/kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { quickManifest, type SampleApp, sampleApp } from '../support/sample-app.ts'
import { addressOf, startWorld, type World } from './world.ts'

const manifest = quickManifest.replace('bake: 1s, keepWarm: 2s', 'bake: 5s, keepWarm: 4s')

describe('an app that moves', () => {
  let world: World
  let shop: SampleApp

  beforeAll(async () => {
    world = await startWorld({ ownNamespaces: true })
    shop = await sampleApp(manifest)
    await world.addApp('shop', 'docker')
    await world.ship('shop', shop, '1.0.0')
  })
  afterAll(async () => {
    await shop?.[Symbol.asyncDispose]()
    await world?.[Symbol.asyncDispose]()
  })

  const settled = () =>
    expect.poll(async () => (await world.app('shop')).active, { timeout: 60_000 }).toBeNull()
  const serves = async (number: number) =>
    (await world.app('shop')).live && (await world.newest('shop')).number === number
  const onMachine = async () => (await world.at.fetch('shop.localhost')).status
  const containers = async () => {
    const label = [`dev.tagship=${world.at.id}`, 'dev.tagship.app=shop', 'dev.tagship.role=instance']
    return (await createDocker().listContainers({ all: true, filters: { label } })).length
  }

  it('to the cluster, as a deployment like any other; what it leaves serves on until it is replaced for good', async () => {
    await settled()
    await world.at.json(['app', 'set', 'shop', '--runtime', 'kubernetes'])
    await expect
      .poll(async () => (await world.newest('shop')).state, { timeout: 60_000, interval: 100 })
      .toBe('baking')
    expect(await world.newest('shop')).toMatchObject({
      number: 2,
      trigger: 'manual',
      reason: 'from docker to kubernetes',
    })
    expect((await world.fetch('shop')).version).toBe('1.0.0')
    expect(await onMachine()).toBe(200)
    await settled()
    await expect.poll(containers, { timeout: 60_000 }).toBe(0)
    expect(await onMachine()).not.toBe(200)
    expect((await world.fetch('shop')).version).toBe('1.0.0')
  })

  it('goes on from there with its history, its tags and its rollbacks', async () => {
    await world.ship('shop', shop, '1.1.0')
    expect((await world.fetch('shop')).version).toBe('1.1.0')
    await world.at.json(['rollback', 'shop'])
    expect((await world.fetch('shop')).version).toBe('1.0.0')
    await world.at.tagship('resume', 'shop')
    const { items } = await world.at.client.listDeployments({ params: { app: 'shop' }, query: { limit: 10 } })
    expect(items.map(({ number }) => number)).toEqual([3, 2, 1])
    expect((await world.at.tagship('audit', 'verify')).exitCode).toBe(0)
  })

  it('back to the machine, and the move is undone while it bakes', async () => {
    await settled()
    await world.at.json(['app', 'set', 'shop', '--runtime', 'docker'])
    await expect
      .poll(async () => (await world.newest('shop')).state, { timeout: 60_000, interval: 100 })
      .toBe('baking')
    expect(await onMachine()).toBe(200)
    await world.at.json(['rollback', 'shop'])
    await settled()
    await expect.poll(onMachine, { timeout: 10_000 }).not.toBe(200)
    const address = await addressOf(world.kubectl, 'tagship-shop', 'shop')
    expect((await fetch(`http://${address}`)).status).toBe(200)
    expect(await serves(4)).toBe(true)
  })

  it('back to the machine for good, and leaves nothing on the cluster', async () => {
    await world.at.tagship('resume', 'shop')
    await shop.version('1.2.0')
    expect((await world.at.push('shop', shop, 'v1.2.0')).stderr).toContain('serves at')
    await settled()
    expect((await world.at.fetch('shop.localhost')).version).toBe('1.2.0')
    const own = ['--namespace', 'tagship-shop', '--selector', `dev.tagship=${world.at.id}`]
    const left = async () => [
      ...(await world.objects('deployments', ...own)),
      ...(await world.objects('services', ...own)),
    ]
    await expect.poll(async () => (await left()).filter(isPresent), { timeout: 60_000 }).toEqual([])
  })
})

function isPresent({
  metadata,
}: {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string }
}) {
  return metadata.deletionTimestamp === undefined
}
