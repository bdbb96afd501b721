/**
 * Side by side on one cluster, in one run: a swap by Tagship, a plain rolling update, and a selector that is switched by
 * hand. The same image, two pods, the same traffic on new connections. `npm run bench:kubernetes [-- --json FILE]`
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createDocker, runCommand } from '@tagship/kit'
import { startInstallation } from '../support/installation.ts'
import { localBase, quickManifest, sampleApp } from '../support/sample-app.ts'
import { startCluster } from './cluster.ts'
import { startRegistry } from './registry.ts'

const repetitions = 5
const namespace = 'compare'
const versions = ['1.0.0', '1.1.0'] as const

interface Outcome {
  /** Milliseconds from the command to the first answer by the new release, and to the last by the old one. */
  readonly first: number
  readonly last: number
  readonly requests: number
  readonly failed: number
}

const { values } = parseArgs({ options: { json: { type: 'string' } } })
await using cluster = await startCluster()
await using registry = await startRegistry()
await using at = await startInstallation({
  env: { KUBECONFIG: cluster.kubeconfig, TAGSHIP_REGISTRY: registry.address },
})
await using shop = await sampleApp(quickManifest.replace('bake: 1s, keepWarm: 2s', 'bake: 0s, keepWarm: 0s'))
const folder = await mkdtemp(join(tmpdir(), 'tagship-compare-'))

await kubectl('create', 'namespace', namespace)
await at.json([
  'app',
  'add',
  'shop',
  '--runtime',
  'kubernetes',
  '--namespace',
  namespace,
  '--build-arg',
  await localBase(),
])
for (const version of versions) {
  await shop.version(version)
  await at.push('shop', shop, `v${version}`)
  await at.json(['deploy', 'shop', `v${version}`, '--wait=live'])
}
const images = await pushedImages()
const results = {
  tagship: await byTagship(),
  rollingUpdate: await byRollingUpdate(),
  selector: await bySelector(),
}
report(results)
if (values.json) await writeFile(values.json, `${JSON.stringify({ repetitions, ...results }, null, 2)}\n`)
await rm(folder, { recursive: true })

async function byTagship(): Promise<Outcome[]> {
  const address = await addressOf('shop')
  return repeat(async (from, to) => {
    const outcome = await observe(address, from, to, () =>
      at.json(['deploy', 'shop', `v${to}`, '--wait=serving']),
    )
    await at.json(['deploy', 'shop', `v${to}`, '--wait=live'])
    return outcome
  })
}

async function byRollingUpdate(): Promise<Outcome[]> {
  await apply(deployment('plain', 'plain', versions[1]), service('plain', 'plain'))
  await kubectl('rollout', 'status', 'deployment/plain', '--namespace', namespace)
  const address = await addressOf('plain')
  return repeat((from, to) =>
    observe(address, from, to, async () => {
      await kubectl('set', 'image', 'deployment/plain', `web=${images.get(to)}`, '--namespace', namespace)
      await kubectl('rollout', 'status', 'deployment/plain', '--namespace', namespace)
    }),
  )
}

async function bySelector(): Promise<Outcome[]> {
  await apply(deployment('hand-0', 'hand-0', versions[1]), service('hand', 'hand-0'))
  await kubectl('rollout', 'status', 'deployment/hand-0', '--namespace', namespace)
  const address = await addressOf('hand')
  let number = 0
  return repeat((from, to) =>
    observe(address, from, to, async () => {
      const old = `hand-${number}`
      number += 1
      await apply(deployment(`hand-${number}`, `hand-${number}`, to))
      await kubectl('rollout', 'status', `deployment/hand-${number}`, '--namespace', namespace)
      await kubectl(
        'patch',
        'service',
        'hand',
        '--namespace',
        namespace,
        '--patch',
        `{"spec":{"selector":{"app":"hand-${number}"}}}`,
      )
      await kubectl('delete', 'deployment', old, '--namespace', namespace, '--wait=false')
    }),
  )
}

async function repeat(swap: (from: string, to: string) => Promise<Outcome>): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (let number = 0; number < repetitions; number += 1) {
    const [to, from] = number % 2 === 0 ? versions : ([versions[1], versions[0]] as const)
    outcomes.push(await swap(from, to))
    await sleep(1_000)
  }
  return outcomes
}

/** Asks on a new connection every few milliseconds, from before the command until the old release is silent. */
async function observe(
  address: string,
  from: string,
  to: string,
  act: () => Promise<unknown>,
): Promise<Outcome> {
  const seen: { readonly at: number; readonly version: string | null }[] = []
  let goesOn = true
  const lane = async () => {
    while (goesOn) {
      const startedAt = performance.now()
      seen.push({ at: startedAt, version: await ask(address) })
      await sleep(5)
    }
  }
  const lanes = [lane(), lane(), lane(), lane()]
  await sleep(200)
  const begin = performance.now()
  await act()
  await sleep(2_500)
  goesOn = false
  await Promise.all(lanes)
  const of = (version: string) => seen.filter((one) => one.version === version && one.at >= begin)
  return {
    first: (of(to)[0]?.at ?? Number.NaN) - begin,
    last: (of(from).at(-1)?.at ?? begin) - begin,
    requests: seen.length,
    failed: seen.filter(({ version }) => version === null).length,
  }
}

function ask(host: string): Promise<string | null> {
  return new Promise((resolve) => {
    const asking = request({ host, path: '/version', agent: false, timeout: 5_000 }, (response) => {
      resolve(response.headers['x-version']?.toString() ?? null)
      response.resume()
    })
    asking
      .on('error', () => resolve(null))
      .on('timeout', () => asking.destroy())
      .end()
  })
}

/** By version: what Tagship has pushed, by digest. */
async function pushedImages(): Promise<ReadonlyMap<string, string>> {
  const { items } = await at.client.listReleases({ params: { app: 'shop' }, query: { limit: 10 } })
  const found = new Map<string, string>()
  for (const { tag, imageDigest } of items) {
    const image = imageDigest === null ? null : await createDocker().getImage(imageDigest).inspect()
    const reference = image?.RepoDigests.find((one) => one.startsWith(registry.address))
    if (tag && reference) found.set(tag.slice(1), reference)
  }
  return found
}

function deployment(name: string, app: string, version: string) {
  const container = {
    name: 'web',
    image: images.get(version),
    ports: [{ containerPort: 8080 }],
    readinessProbe: { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 1 },
  }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app } },
      template: { metadata: { labels: { app } }, spec: { containers: [container] } },
    },
  }
}

function service(name: string, app: string) {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: { selector: { app }, ports: [{ port: 80, targetPort: 8080, protocol: 'TCP' }] },
  }
}

async function apply(...objects: object[]): Promise<void> {
  const file = join(folder, 'objects.json')
  await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }))
  await kubectl('apply', '--filename', file)
}

function addressOf(name: string): Promise<string> {
  return kubectl('get', 'service', name, '--namespace', namespace, '-o', 'jsonpath={.spec.clusterIP}')
}

async function kubectl(...args: string[]): Promise<string> {
  const asked = ['--kubeconfig', cluster.kubeconfig, ...args]
  const { exitCode, stdout, stderr } = await runCommand('kubectl', asked, { timeout: 120_000 })
  if (exitCode !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`)
  return stdout
}

function report(all: Readonly<Record<string, readonly Outcome[]>>): void {
  process.stdout.write('way             first new   last old   requests   failed\n')
  for (const [way, outcomes] of Object.entries(all)) {
    const median = (pick: (one: Outcome) => number) =>
      outcomes.map(pick).sort((a, b) => a - b)[Math.floor(outcomes.length / 2)] ?? Number.NaN
    const sum = (pick: (one: Outcome) => number) => outcomes.reduce((total, one) => total + pick(one), 0)
    const cells = [
      way.padEnd(14),
      `${Math.round(median(({ first }) => first))} ms`.padStart(10),
      `${Math.round(median(({ last }) => last))} ms`.padStart(10),
      String(sum(({ requests }) => requests)).padStart(10),
      String(sum(({ failed }) => failed)).padStart(8),
    ]
    process.stdout.write(`${cells.join(' ')}\n`)
  }
}
