/** What a cluster can do to a deployment: each is told in the cluster's own words, and passes without a person. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createDocker } from '@tagship/kit'
import { openClusters, statusOf } from '@tagship/kubernetes'
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest'
import { quickManifest, type SampleApp, sampleApp } from '../support/sample-app.ts'
import { pidOf, startPart } from './cluster.ts'
import { startRegistry } from './registry.ts'
import { addressOf, startWorld, tokenOf, type World } from './world.ts'

const hurried = `${quickManifest.replace('bake: 1s', 'bake: 0s')}`.replace(
  'rollout: {',
  'rollout: { deadline: 8s,',
)
/** Where the trouble is to pass. */
const patient = hurried.replace('deadline: 8s', 'deadline: 100s')
const run = inject('clusterFolder')

describe('a cluster in trouble', () => {
  let world: World
  let shop: SampleApp
  let folder: string
  let kubeconfig: string
  let version = 0

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tagship-kubeconfig-'))
    kubeconfig = join(folder, 'config.yaml')
    await writeFile(kubeconfig, await readFile(inject('kubeconfig')))
    world = await startWorld({ env: { KUBECONFIG: kubeconfig } })
    shop = await sampleApp(hurried)
    await world.addApp('shop', 'kubernetes')
    await world.ship('shop', shop, '1.0.0')
  })
  afterEach(async () => {
    await expect.poll(async () => (await world.app('shop')).active, { timeout: 60_000 }).toBeNull()
  })
  afterAll(async () => {
    await shop?.[Symbol.asyncDispose]()
    await world?.[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  /** Pushes a next version. @returns what its deployment says */
  async function push(manifest = hurried) {
    version += 1
    await shop.version(`1.${version}.0`, { 'tagship.yaml': manifest })
    return world.at.push('shop', shop, `v1.${version}.0`)
  }
  const live = async () => (await world.fetch('shop')).version

  it.each([
    {
      what: 'no node has room',
      manifest: hurried.replace('memory: 256m', 'memory: 900g'),
      code: 'instance.pending',
      says: /Unschedulable.*Insufficient memory/,
    },
    {
      what: 'a claim that its volume needs is not there',
      manifest: `${hurried}filesystem: { volumes: ['uploads:/data'] }\n`,
      code: 'instance.pending',
      says: /persistentvolumeclaim "uploads" not found/,
    },
  ])('says that $what', async ({ manifest, code, says }) => {
    const before = await live()
    const pushed = await push(manifest)
    expect(pushed.stderr).toContain(code)
    expect((await world.newest('shop')).failure?.message).toMatch(says)
    expect(await live()).toBe(before)
  })

  it('says that a quota is used up, and goes on by itself when it is not', async () => {
    await world.kubectl('create', 'quota', 'small', '--namespace', world.namespace, '--hard=pods=2')
    const pushing = push(patient)
    await expect.poll(async () => (await world.newest('shop')).state, { timeout: 30_000 }).toBe('starting')
    await expect.poll(() => logOf(world), { timeout: 30_000 }).toMatch(/exceeded quota: small/)
    await world.kubectl('delete', 'quota', 'small', '--namespace', world.namespace)
    expect((await pushing).stderr).toContain('serves at')
  })

  it('says that the cluster refuses what it is asked to run', async () => {
    await world.send('create', limitRange(world.namespace))
    onTestFinished(
      async () => void (await world.kubectl('delete', 'limitrange', 'low', '--namespace', world.namespace)),
    )
    const before = await live()
    const pushed = await push()
    expect(pushed.stderr).toContain('instance.pending')
    expect((await world.newest('shop')).failure?.message).toMatch(
      /maximum memory usage per Container is 64Mi/,
    )
    expect(await live()).toBe(before)
  })

  it.skipIf(run === null)('goes on where its API server was killed', async () => {
    const address = await addressOf(world.kubectl, world.namespace, 'shop')
    const pushing = push(patient)
    await expect
      .poll(async () => (await world.newest('shop')).state, { timeout: 30_000, interval: 20 })
      .toBe('starting')
    process.kill(await pidOf(run ?? '', 'apiserver'), 'SIGKILL')
    await sleep(5_000)
    expect((await fetch(`http://${address}`)).status).toBe(200)
    await startPart(run ?? '', 'apiserver')
    expect((await pushing).stderr).toContain('serves at')
    expect(await live()).toBe(`1.${version}.0`)
  })

  it.skipIf(run === null)('goes on where its API server hung', { timeout: 120_000 }, async () => {
    const pushing = push(patient)
    await expect
      .poll(async () => (await world.newest('shop')).state, { timeout: 30_000, interval: 20 })
      .toBe('starting')
    const pid = await pidOf(run ?? '', 'apiserver')
    process.kill(pid, 'SIGSTOP')
    await sleep(15_000)
    process.kill(pid, 'SIGCONT')
    expect((await pushing).stderr).toContain('serves at')
    expect(await live()).toBe(`1.${version}.0`)
  })

  it.skipIf(run === null)('goes on where its API server throttles', { timeout: 180_000 }, async () => {
    // Administrators are never throttled.
    const place = ['--namespace', world.namespace]
    await world.kubectl('create', 'serviceaccount', 'throttled', ...place)
    const binding = ['clusterrolebinding', `throttled-${world.at.id}`] as const
    const account = `--serviceaccount=${world.namespace}:throttled`
    await world.kubectl('create', ...binding, '--clusterrole=cluster-admin', account)
    onTestFinished(async () => void (await world.kubectl('delete', ...binding)))
    const good = await readFile(kubeconfig, 'utf8')
    const token = await tokenOf(world, world.namespace, 'throttled')
    await writeFile(kubeconfig, good.replace(/token: \w+/, `token: ${token}`))
    onTestFinished(() => writeFile(kubeconfig, good))
    await using hammer = await throttled(run ?? '', kubeconfig)
    expect((await push(patient)).stderr).toContain('serves at')
    expect(await live()).toBe(`1.${version}.0`)
    expect(hammer.refused()).toBeGreaterThan(50)
  })

  it.skipIf(run === null)(
    'says that a node is lost, and goes on when it is back',
    { timeout: 180_000 },
    async () => {
      const before = await live()
      const name = (await world.objects('nodes'))[0]?.metadata.name ?? ''
      const isReady = () =>
        world.kubectl('get', 'node', name, '-o', 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')
      process.kill(await pidOf(run ?? '', 'kubelet'), 'SIGKILL')
      let isBack = false
      // Others need the node, however this test ends.
      onTestFinished(() => (isBack ? undefined : startPart(run ?? '', 'kubelet')))
      await expect.poll(isReady, { timeout: 90_000 }).toBe('Unknown')
      const pushed = await push()
      expect(pushed.stderr).toContain('instance.pending')
      expect((await world.newest('shop')).failure?.message).toMatch(
        /node\.kubernetes\.io\/(unreachable|not-ready)/,
      )
      await startPart(run ?? '', 'kubelet')
      isBack = true
      await expect.poll(isReady, { timeout: 60_000 }).toBe('True')
      await expect.poll(() => live().catch(() => null), { timeout: 60_000 }).toBe(before)
      expect((await push(patient)).stderr).toContain('serves at')
    },
  )

  it('says what a webhook of the cluster says against it', async () => {
    const names = ['validatingwebhookconfiguration', `refuse-${world.at.id}`] as const
    await world.send('create', brokenWebhook(world.namespace, names[1]))
    onTestFinished(async () => void (await world.kubectl('delete', ...names, '--ignore-not-found')))
    const before = await live()
    const pushed = await push()
    expect((await world.newest('shop')).failure?.message).toMatch(
      /failed calling webhook "refuse\.tagship\.dev"/,
    )
    expect(pushed.exitCode).toBe(0)
    expect(await live()).toBe(before)
    await world.kubectl('delete', ...names)
    expect((await push(patient)).stderr).toContain('serves at')
  })

  it('goes on when an expired token was renewed', async () => {
    const good = await readFile(kubeconfig, 'utf8')
    await writeFile(kubeconfig, good.replace(/token: \w+/, 'token: expired'))
    const pushing = push(patient)
    await expect.poll(() => logOf(world), { timeout: 30_000 }).toMatch(/Unauthorized/)
    await writeFile(kubeconfig, good)
    expect((await pushing).stderr).toContain('serves at')
  })

  it('says that the registry is away, full, or refuses, before anything has changed', async () => {
    const other = await sampleApp(hurried)
    onTestFinished(() => other[Symbol.asyncDispose]())
    await other.version('1.0.0')
    await using locked = await startRegistry({ htpasswd: 'nobody:$2y$05$invalid\n' })
    await using full = await startRegistry({ room: '4m' })
    for (const [registry, code] of [
      ['127.0.0.1:1', 'registry.unavailable'],
      [locked.address, 'registry.refused'],
      [full.address, 'registry.unavailable'],
    ] as const) {
      const world = await startWorld({ env: { TAGSHIP_REGISTRY: registry } })
      onTestFinished(() => world[Symbol.asyncDispose]())
      await world.addApp('other', 'kubernetes')
      const pushed = await world.at.push('other', other, 'v1.0.0')
      expect(pushed.stderr).toContain(code)
      expect((await world.newest('other')).failure?.message).toContain(registry)
      expect(await world.objects('deployments', '--namespace', world.namespace)).toEqual([])
    }
  })

  it('pulls as the user of the registry that it was given', async () => {
    // Of "s3cret", by bcrypt.
    const htpasswd = 'anna:$2y$05$abcdefghijklmnopqrstuuLK7U1u6pVRmL7L1BBM2aS35PSZnDXlK\n'
    await using registry = await startRegistry({ htpasswd })
    const [TAGSHIP_REGISTRY, TAGSHIP_REGISTRY_USER, TAGSHIP_REGISTRY_PASSWORD] = [
      registry.address,
      'anna',
      's3cret',
    ]
    const env = { TAGSHIP_REGISTRY, TAGSHIP_REGISTRY_USER, TAGSHIP_REGISTRY_PASSWORD }
    await using world = await startWorld({ env })
    await using guarded = await sampleApp(hurried)
    await world.addApp('guarded', 'kubernetes')
    await world.ship('guarded', guarded, '1.0.0')
    await forgetImages(`${registry.address}/guarded`)
    const place = ['--namespace', world.namespace] as const
    const before = await world.objects('pods', ...place)
    for (const { metadata } of before) await world.kubectl('delete', 'pod', metadata.name, ...place)
    const states = async () => {
      const { items } = await world.at.client.listInstances({ params: { app: 'guarded' } })
      return items.map(({ state }) => state)
    }
    await expect.poll(states, { timeout: 60_000 }).toEqual(['running', 'running'])
    const pulled = await world.kubectl('get', 'events', ...place, '--field-selector', 'reason=Pulled')
    expect(pulled).toContain(`Successfully pulled image "${registry.address}/guarded`)
  })

  it('keeps serving where a node has lost its image and cannot pull it, until it can', {
    timeout: 180_000,
  }, async () => {
    const registry = await startRegistry()
    const world = await startWorld({ env: { TAGSHIP_REGISTRY: registry.address } })
    onTestFinished(() => world[Symbol.asyncDispose]())
    const lost = await sampleApp(hurried)
    onTestFinished(() => lost[Symbol.asyncDispose]())
    await world.addApp('lost', 'kubernetes')
    await world.ship('lost', lost, '1.0.0')
    const number = (await world.newest('lost')).number
    await forgetImages(`${registry.address}/lost`)
    await registry.stop()
    const [pod] = await world.objects('pods', '--namespace', world.namespace)
    await world.kubectl(
      'delete',
      'pod',
      pod?.metadata.name ?? '',
      '--namespace',
      world.namespace,
      '--wait=false',
    )
    const states = async () => {
      const { items } = await world.at.client.listInstances({ params: { app: 'lost' } })
      return items.map(({ state }) => state).sort()
    }
    await expect.poll(states, { timeout: 60_000 }).toEqual(['replacing', 'running'])
    expect((await world.fetch('lost')).version).toBe('1.0.0')
    await registry.start()
    await expect.poll(states, { timeout: 90_000 }).toEqual(['running', 'running'])
    expect((await world.newest('lost')).number).toBe(number)
    await registry[Symbol.asyncDispose]()
  })
})

/** As on a node that has cleaned up: only the registry has them. */
async function forgetImages(repository: string): Promise<void> {
  const docker = createDocker()
  const images = await docker.listImages({ filters: { reference: [`${repository}*`] } })
  const names = images.flatMap(({ RepoTags, RepoDigests }) => [...(RepoTags ?? []), ...(RepoDigests ?? [])])
  for (const name of names.filter((one) => one.startsWith(repository)))
    await docker.getImage(name).remove().catch(unlessGone)
}

/** The last name of an image takes its digest along. */
function unlessGone(error: { readonly statusCode?: number }): void {
  if (error.statusCode !== 404) throw error
}

/** Makes the API server take one write at a time, and keeps it busy with writes. */
async function throttled(run: string, kubeconfig: string): Promise<{ refused(): number } & AsyncDisposable> {
  const path = join(run, 'command/apiserver')
  const command = await readFile(path, 'utf8')
  const restart = async (text: string) => {
    await writeFile(path, text)
    process.kill(await pidOf(run, 'apiserver'), 'SIGTERM')
    await sleep(1_000)
    await startPart(run, 'apiserver')
    await expect.poll(answers, { timeout: 60_000 }).toBe(true)
  }
  const { core } = openClusters({ KUBECONFIG: kubeconfig })(null)
  const answers = () =>
    core.readNamespace({ name: 'default' }).then(
      () => true,
      () => false,
    )
  const limits = '--max-requests-inflight=4 --max-mutating-requests-inflight=1'
  await restart(`${command.trim()} ${limits} --feature-gates=APIPriorityAndFairness=false `)
  let refused = 0
  let stopped = false
  const ask = async () => {
    while (!stopped) {
      const body = { metadata: { generateName: 'hammer-' }, data: { text: 'x'.repeat(100_000) } }
      try {
        await core.createNamespacedConfigMap({ namespace: 'default', body, dryRun: 'All' })
      } catch (error) {
        if (statusOf(error) === 429) refused += 1
        else await sleep(20)
      }
    }
  }
  const asking = Promise.all(Array.from({ length: 8 }, ask))
  return {
    refused: () => refused,
    async [Symbol.asyncDispose]() {
      stopped = true
      await asking
      await restart(command)
    },
  }
}

/** Asks somebody who is not there, and takes silence for a no. */
function brokenWebhook(namespace: string, name: string): object {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name },
    webhooks: [
      {
        name: 'refuse.tagship.dev',
        clientConfig: { service: { name: 'nobody', namespace } },
        rules: [
          { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['deployments'] },
        ],
        namespaceSelector: { matchLabels: { 'dev.tagship': name.replace('refuse-', '') } },
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        failurePolicy: 'Fail',
        timeoutSeconds: 2,
      },
    ],
  }
}

/** What the controller wrote down. */
async function logOf({ at }: World): Promise<string> {
  return readFile(join(at.data, 'controller.log'), 'utf8')
}

function limitRange(namespace: string): object {
  return {
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: { name: 'low', namespace },
    spec: { limits: [{ type: 'Container', max: { memory: '64Mi' } }] },
  }
}
