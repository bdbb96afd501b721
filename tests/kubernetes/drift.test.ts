/** Somebody changes on the cluster what is ours: it is recorded, and put right by replacing it. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DeploymentJson } from '@tagship/api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type SampleApp, sampleApp } from '../support/sample-app.ts'
import { startWorld, type World } from './world.ts'

describe('what somebody does to an app on a cluster', () => {
  let world: World
  let shop: SampleApp

  beforeAll(async () => {
    world = await startWorld()
    shop = await sampleApp()
    await world.addApp('shop', 'kubernetes')
    await world.ship('shop', shop, '1.0.0')
  })
  afterAll(async () => {
    await shop?.[Symbol.asyncDispose]()
    await world?.[Symbol.asyncDispose]()
  })

  const kubectl = (...args: string[]) => world.kubectl(...args, '--namespace', world.namespace)
  const settled = () =>
    expect.poll(async () => (await world.app('shop')).active, { timeout: 60_000 }).toBeNull()
  const serving = async (): Promise<DeploymentJson> => {
    await settled()
    const { live } = await world.app('shop')
    return world.at.client.getDeployment({ params: { id: live?.deployment ?? '' } })
  }

  it.each([
    [
      'scales it',
      (set: string) => kubectl('scale', 'deployment', set, '--replicas=1'),
      /1 replicas instead of 2/,
    ],
    [
      'sets another image',
      (set: string) => kubectl('set', 'image', `deployment/${set}`, 'web=127.0.0.1:1/other:1'),
      /somebody has changed Deployment/,
    ],
    [
      'sets another env',
      (set: string) => kubectl('set', 'env', `deployment/${set}`, 'GREETING=patched'),
      /somebody has changed Deployment/,
    ],
    ['deletes it', (set: string) => kubectl('delete', 'deployment', set), /of its instances were gone/],
  ])('%s: the release is deployed once more, and the history says why', async (_, act, why) => {
    const before = await serving()
    await act(`shop-${before.number}-web`)
    await expect
      .poll(async () => (await world.newest('shop')).number, { timeout: 60_000 })
      .toBeGreaterThan(before.number)
    await settled()
    const after = await serving()
    expect(after).toMatchObject({ trigger: 'heal', actor: 'tagship', release: before.release })
    expect(after.reason).toMatch(why)
    expect((await world.fetch('shop')).version).toBe('1.0.0')
  })

  it.each([
    [
      'sends its users elsewhere',
      () =>
        kubectl('patch', 'service', 'shop', '--patch', '{"spec":{"selector":{"dev.tagship.set":"other"}}}'),
    ],
    ['deletes its Service', () => kubectl('delete', 'service', 'shop')],
    ['deletes its Ingress', () => kubectl('delete', 'ingress', 'shop')],
  ])('%s: that is put right within seconds, without a deployment', async (_, act) => {
    const before = await serving()
    await act()
    const selected = () =>
      kubectl('get', 'service', 'shop', '-o', 'jsonpath={.spec.selector.dev\\.tagship\\.set}').catch(
        () => null,
      )
    await expect.poll(selected, { timeout: 15_000 }).toBe(`shop-${before.number}-web`)
    const hosts = () =>
      kubectl('get', 'ingress', 'shop', '-o', 'jsonpath={.spec.rules[*].host}').catch(() => null)
    await expect.poll(hosts, { timeout: 15_000 }).toBe('shop.localhost next.shop.localhost')
    await expect.poll(async () => (await world.fetch('shop')).version, { timeout: 15_000 }).toBe('1.0.0')
    expect((await world.newest('shop')).number).toBe(before.number)
    const log = await readFile(join(world.at.data, 'controller.log'), 'utf8')
    expect(log).toContain('the cluster disagreed with Postgres and was put right')
  })

  it('deletes a pod: the cluster brings another one, and nobody else has to', async () => {
    const before = await serving()
    await kubectl('delete', 'pod', '--selector', `dev.tagship.set=shop-${before.number}-web`, '--wait=false')
    await expect
      .poll(
        async () => {
          const { items } = await world.at.client.listInstances({ params: { app: 'shop' } })
          return items.filter(({ state, release }) => state === 'running' && release === before.release)
            .length
        },
        { timeout: 60_000 },
      )
      .toBe(2)
    expect((await world.newest('shop')).number).toBe(before.number)
  })

  it('has an object of the same name: that is not touched, and the deployment says so', async () => {
    await settled()
    const next = (await world.newest('shop')).number + 1
    await kubectl('create', 'deployment', `shop-${next}-web`, '--image=127.0.0.1:1/nothing:1')
    await shop.version('1.1.0')
    const pushed = await world.at.push('shop', shop, 'v1.1.0')
    expect(pushed.stderr).toMatch(/instance\.startFailed[\s\S]*is not ours/)
    expect(await kubectl('get', 'deployment', `shop-${next}-web`, '-o', 'name')).toContain('deployment')
    expect((await world.fetch('shop')).version).toBe('1.0.0')
  })
})
