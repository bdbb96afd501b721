import { setTimeout as sleep } from 'node:timers/promises'
import type { DeploymentJson } from '@tagship/api'
import { startProber } from '@tagship/prober'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { freePort } from '../support/installation.ts'
import { quickManifest, type SampleApp, sampleApp } from '../support/sample-app.ts'
import { type Switch, servingAt, undoneAt } from '../support/switches.ts'
import { pidOf, startPart } from './cluster.ts'
import { addressOf, startWorld, type World } from './world.ts'

const swaps = 20
const rollbacks = 5
/** Of versions in turns: pods as they are, and with a counter. Each gives way to the other, and is rolled back to it. */
const counted = quickManifest.replace('bake: 1s', 'bake: 1s, analysis: { maxErrorRate: 1% }')

/** Two controllers share the work, and the API server dies on the way. */
describe('many swaps on a cluster, under traffic of every kind', () => {
  let world: World
  let shop: SampleApp
  let address: string

  beforeAll(async () => {
    world = await startWorld()
    shop = await sampleApp(quickManifest)
    await world.addApp('shop', 'kubernetes')
    await world.ship('shop', shop, '0.0.0')
    await world.at.up({}, await freePort())
    address = await addressOf(world.kubectl, world.namespace, 'shop')
  })
  afterAll(async () => {
    await shop?.[Symbol.asyncDispose]()
    await world?.[Symbol.asyncDispose]()
  })

  it(`loses no request in ${swaps} swaps and ${rollbacks} rollbacks`, { timeout: 600_000 }, async () => {
    expect(counted).toContain('analysis')
    const target = { url: `http://${address}`, host: 'shop.localhost' }
    const prober = startProber(target)
    // Whoever keeps a connection stays with the release that it was opened to, until that drains.
    const newcomer = startProber({ ...target, kinds: ['freshGet'] })
    const switches: Switch[] = []
    let serving = '0.0.0'
    let previous = serving
    for (let number = 1; number <= swaps; number += 1) {
      const version = `0.0.${number}`
      const outage = number === swaps / 2 ? killApiServer() : null
      await world.ship('shop', shop, version, { 'tagship.yaml': number % 2 === 0 ? quickManifest : counted })
      await outage
      switches.push({ from: serving, to: version, servingAt: servingAt(await world.newest('shop')) })
      previous = serving
      serving = version
      if (number % (swaps / rollbacks) !== 0) continue
      const undone = await world.at.json<DeploymentJson>(['rollback', 'shop', '--reason', 'test'])
      switches.push({ from: serving, to: previous, servingAt: undoneAt(undone) })
      serving = previous
      await world.at.tagship('resume', 'shop')
    }
    const [traffic, newcomers] = await Promise.all([prober.stop(), newcomer.stop()])

    expect([...traffic.total.failures, ...newcomers.total.failures]).toEqual([])
    expect(traffic.total.failed).toBe(0)
    expect(traffic.total.requests).toBeGreaterThan(2_000)
    for (const [index, { from, servingAt: since }] of switches.entries()) {
      const until = switches.slice(index + 1).find(({ to }) => to === from)?.servingAt
      const answers = newcomers.answersBy(from, {
        startedAfter: since,
        ...(until ? { startedBefore: new Date(until.getTime() - 2_000) } : {}),
      })
      expect(answers, `answers by ${from} on new connections after the switch away from it`).toBe(0)
    }
  })

  it('loses no request while its pods are evicted, and makes no deployment of it', async () => {
    await expect.poll(async () => (await world.app('shop')).active, { timeout: 60_000 }).toBeNull()
    const before = await world.newest('shop')
    // Shorter than the 15 s that a pod drains: what is longer is closed when they are over.
    const prober = startProber({ url: `http://${address}`, host: 'shop.localhost', webSocketMs: 8_000 })
    for (let eviction = 0; eviction < 2; eviction += 1) {
      await evict(world, (await readyPods(world))[0] ?? '')
      await expect
        .poll(async () => (await readyPods(world)).length, { timeout: 30_000, interval: 50 })
        .toBeLessThan(2)
      await expect.poll(async () => (await readyPods(world)).length, { timeout: 60_000 }).toBe(2)
    }
    await sleep(2_000)
    const traffic = await prober.stop()
    expect(traffic.total.failures).toEqual([])
    expect(traffic.total.requests).toBeGreaterThan(100)
    expect((await world.newest('shop')).number).toBe(before.number)
    expect((await world.app('shop')).trouble).toBeNull()
  })
})

interface PodObject {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string }
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
}

/** The names of the pods that get traffic. */
async function readyPods({ objects, namespace }: World): Promise<string[]> {
  const pods = await objects<PodObject>('pods', '--namespace', namespace)
  return pods
    .filter(({ metadata }) => !metadata.deletionTimestamp)
    .filter(({ status }) =>
      status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
    )
    .map(({ metadata }) => metadata.name)
}

/** SIGKILL, a second away, and back. A no-op on a cluster that was given. */
async function killApiServer(): Promise<void> {
  const run = inject('clusterFolder')
  if (run === null) return
  await sleep(700)
  process.kill(await pidOf(run, 'apiserver'), 'SIGKILL')
  await sleep(1_000)
  await startPart(run, 'apiserver')
}

/** What a drain of its node does to a pod. */
async function evict({ kubectl, send, namespace }: World, name: string): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/eviction`
  const groups = await kubectl('api-versions')
  const apiVersion = groups.split('\n').includes('policy/v1') ? 'policy/v1' : 'policy/v1beta1'
  await send('create', { apiVersion, kind: 'Eviction', metadata: { name, namespace } }, '--raw', path)
}
