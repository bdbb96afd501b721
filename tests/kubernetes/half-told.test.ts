/**
 * A cluster tells its nodes of pods that come and of pods that go in two pieces. Whoever is stopped between them leaves
 * users with both.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { startProber } from '@tagship/prober'
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest'
import { quickManifest, type SampleApp, sampleApp } from '../support/sample-app.ts'
import { servingAt } from '../support/switches.ts'
import { pidOf } from './cluster.ts'
import { addressOf, startWorld, type World } from './world.ts'

/** A cluster that was given has no parts to stop: skipped there. */
const run = inject('clusterFolder')
let world: World
let shop: SampleApp

beforeAll(async () => {
  world = await startWorld()
  shop = await sampleApp(quickManifest.replace('rollout: {', 'rollout: { promotion: manual,'))
  await world.addApp('shop', 'kubernetes')
})
afterAll(async () => {
  await shop?.[Symbol.asyncDispose]()
  await world?.[Symbol.asyncDispose]()
})

test.skipIf(run === null)('a switch that half of a cluster has heard of is not done yet', async () => {
  const pushes: Promise<unknown>[] = []
  const deploy = async (version: string) => {
    await shop.version(version)
    pushes.push(world.at.push('shop', shop, `v${version}`))
    await expect.poll(stateOf(world), { timeout: 60_000 }).toBe('awaitingPromotion')
  }
  const promote = async () => world.at.client.promote({ params: { id: (await world.newest('shop')).id } })
  await deploy('1.0.0')
  await promote()
  await expect.poll(async () => (await world.app('shop')).active, { timeout: 60_000 }).toBeNull()
  const target = {
    url: `http://${await addressOf(world.kubectl, world.namespace, 'shop')}`,
    host: 'shop.localhost',
  }
  await deploy('1.1.0')
  const prober = startProber(target)
  const newcomer = startProber({ ...target, kinds: ['freshGet'] })
  onTestFinished(async () => void (await Promise.all([prober.stop(), newcomer.stop()])))

  const controllers = await pidOf(run ?? '', 'kcm')
  process.kill(controllers, 'SIGSTOP')
  onTestFinished(() => void process.kill(controllers, 'SIGCONT'))
  await promote()
  await tellOfNewPods(world)
  const seen = new Set<string | null>()
  for (let look = 0; look < 60; look += 1) {
    seen.add((await world.fetch('shop')).version)
    await sleep(50)
  }
  expect([...seen].sort()).toEqual(['1.0.0', '1.1.0'])
  expect(await stateOf(world)()).toBe('switching')

  process.kill(controllers, 'SIGCONT')
  await expect.poll(stateOf(world), { timeout: 60_000 }).toBe('live')
  const since = servingAt(await world.newest('shop'))
  await Promise.all(pushes)
  const [traffic, newcomers] = await Promise.all([prober.stop(), newcomer.stop()])
  expect([...traffic.total.failures, ...newcomers.total.failures]).toEqual([])
  expect(newcomers.answersBy('1.0.0', { startedAfter: since })).toBe(0)
  expect(newcomers.answersBy('1.1.0', { startedAfter: since })).toBeGreaterThan(0)
})

const stateOf = (world: World) => async () => (await world.newest('shop').catch(() => null))?.state

/** What the cluster writes first: the pods that come. The piece with those that go stays as it is. */
async function tellOfNewPods({ kubectl, send, objects, namespace, newest }: World): Promise<void> {
  const inNamespace = ['--namespace', namespace]
  const set = `shop-${(await newest('shop')).number}-web`
  const selector = 'jsonpath={.spec.selector.dev\\.tagship\\.set}'
  await expect
    .poll(() => kubectl('get', 'service', 'shop', ...inNamespace, '-o', selector), { timeout: 15_000 })
    .toBe(set)
  const pods = await objects<{ readonly status: { readonly podIP: string } }>(
    ...['pods', ...inNamespace, '--selector', `dev.tagship.set=${set}`],
  )
  const addresses = pods.map(({ status }) => status.podIP)
  const ports = ['http', 'green'].map((name) => ({ name, port: 8080, protocol: 'TCP' }))
  const versions = (await kubectl('api-versions')).split('\n')
  await send('create', {
    apiVersion: versions.includes('discovery.k8s.io/v1') ? 'discovery.k8s.io/v1' : 'discovery.k8s.io/v1beta1',
    kind: 'EndpointSlice',
    metadata: { name: 'shop-by-hand', namespace, labels: { 'kubernetes.io/service-name': 'shop' } },
    addressType: 'IPv4',
    ports,
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
  })
  await send('replace', {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name: 'shop', namespace },
    subsets: [{ addresses: addresses.map((ip) => ({ ip })), ports }],
  })
}
