/**
 * What many apps cost: 200 of two pods each, on a control plane whose only node is hollow. The drivers as the controller
 * has them deploy each app twice, look at all of them, and put right what somebody else has changed.
 * `npm run bench:kubernetes:scale [-- --json FILE]`
 */
import { spawn } from 'node:child_process'
import { subscribe } from 'node:diagnostics_channel'
import { writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import {
  type AppName,
  type ImageDigest,
  parseAppName,
  parseHostName,
  type Slot,
  TagshipError,
} from '@tagship/domain'
import type { InstanceSpec, Placement, Route } from '@tagship/engine'
import { createDocker, createLogger, runCommand } from '@tagship/kit'
import { instanceName, openClusters, setName } from '@tagship/kubernetes'
import { createKubernetesRouter } from '@tagship/router/kubernetes'
import { createKubernetesRuntime } from '@tagship/runtime/kubernetes'
import { startCluster } from './cluster.ts'
import { startRegistry } from './registry.ts'

const { values: flags } = parseArgs({
  options: { json: { type: 'string' }, apps: { type: 'string', default: '200' } },
})
const count = Number(flags.apps)
const replicas = 2
/** As many deployments are under way at once in a controller. */
const atOnce = 64
const installation = 'scale'

let requests = 0
subscribe('undici:request:create', () => {
  requests += 1
})

const cluster = await startCluster(0)
const registry = await startRegistry()
const hollow = new URL('hollow-node.ts', import.meta.url).pathname
const node = spawn(process.execPath, [hollow, cluster.kubeconfig], { stdio: ['ignore', 'ignore', 'inherit'] })
const docker = createDocker()
try {
  process.stdout.write(await measure())
} finally {
  node.kill()
  await registry[Symbol.asyncDispose]()
  await cluster[Symbol.asyncDispose]()
}
// What watches the cluster would wait for it for ever.
process.exit()

async function measure(): Promise<string> {
  const placements = Array.from({ length: count }, (_, index): Placement => {
    const app = parseAppName(`app-${index + 1}`)
    const hosts = [parseHostName(`${app}.test`)]
    return { app, seat: index + 1, hosts, cluster: null, namespace: `tagship-${app}` }
  })
  const byKey = (wanted: object) => {
    const { app, seat, host } = wanted as { app?: AppName; seat?: number; host?: string }
    return placements.filter(
      (one) =>
        (app === undefined || one.app === app) &&
        (seat === undefined || one.seat === seat) &&
        (host === undefined || one.hosts.some((name) => name === host)),
    )
  }
  const log = createLogger('scale', 'error')
  const clusters = openClusters({ ...process.env, KUBECONFIG: cluster.kubeconfig })
  const shared = { clusters, installation, log }
  const runtime = createKubernetesRuntime({
    ...shared,
    docker,
    registry: { address: registry.address, credentials: null },
    counterImage: '',
    placements: async () => placements,
    placementOf: async (app) => byKey({ app })[0] ?? null,
  })
  const router = createKubernetesRouter({
    ...shared,
    ingressClass: null,
    placements: async (wanted) => byKey(wanted),
  })
  const digest = await smallImage()
  const memoryBefore = megabytes()

  const deploy = async ({ app, seat, hosts }: Placement, number: number) => {
    const slot: Slot = number % 2 === 1 ? 'blue' : 'green'
    const fence = BigInt(number)
    const spec = specOf(app, number, slot, digest)
    await patiently(() => runtime.start(spec))
    const targets = Array.from({ length: replicas }, (_, replica) => ({
      ...{ name: instanceName(setName(spec), replica), address: '', port: 8080 },
    }))
    await router.fillSlot({ seat, slot }, targets, fence)
    const live: Slot | null = number === 1 ? null : slot === 'blue' ? 'green' : 'blue'
    await patiently(() => router.switchTo({ seat, slot }, fence, { app, hosts, live }))
    if (number === 1) return
    const old = (await runtime.list(app)).filter((instance) => instance.release === number - 1)
    await router.emptySlot({ seat, slot: slot === 'blue' ? 'green' : 'blue' }, fence)
    for (const instance of old) await runtime.remove(instance)
  }
  const routesOf = async (): Promise<Route[]> =>
    placements.map(({ app, seat, hosts }) => {
      const target = { name: instanceName(`${app}-2-web`, 0), address: '', port: 8080 }
      const targets = { blue: [], green: [target] }
      return { app, seat, hosts, live: 'green', targets, fence: 2n, filling: null, turning: false }
    })

  const first = await timed(() => inTurns(placements, (placement) => deploy(placement, 1)))
  const second = await timed(() => inTurns(placements, (placement) => deploy(placement, 2)))
  await router.restore(routesOf)
  await sleep(3_000)
  const idle = await timed(() => router.restore(routesOf))
  const listing = await timed(() => runtime.listAll())
  const drifted = placements.slice(0, Math.ceil(count / 10))
  await Promise.all(drifted.map(({ app }) => mislead(app)))
  const mending = await timed(async () => {
    for (;;) {
      await router.restore(routesOf)
      const slots = await Promise.all(drifted.map(({ seat }) => router.liveSlot(seat)))
      if (slots.every((slot) => slot === 'green')) return
      await sleep(200)
    }
  })
  const pods = (await runtime.listAll()).filter(({ state }) => state === 'running').length
  if (pods !== count * replicas) throw new Error(`${pods} pods run in the end, not ${count * replicas}`)

  const figures = {
    at: new Date().toISOString(),
    apps: count,
    pods,
    'first deployment of all, s': first.seconds,
    'API requests for a first deployment': first.requests / count,
    'next deployment of all, s': second.seconds,
    'API requests for a next deployment': second.requests / count,
    'reconciling where nothing has changed, s': idle.seconds,
    'API requests for reconciling all': idle.requests,
    'listing all instances, s': listing.seconds,
    [`putting ${drifted.length} Services right that somebody has changed, s`]: mending.seconds,
    'memory of the drivers and what they know, MB': megabytes() - memoryBefore,
  }
  if (flags.json) await writeFile(flags.json, `${JSON.stringify(figures, null, 2)}\n`)
  const width = Math.max(...Object.keys(figures).map((name) => name.length))
  return Object.entries(figures)
    .map(
      ([name, value]) =>
        `${name.padEnd(width)}  ${typeof value === 'number' ? Number(value.toFixed(2)) : value}\n`,
    )
    .join('')
}

function specOf(app: AppName, number: number, slot: Slot, imageDigest: ImageDigest): InstanceSpec {
  return {
    ...{ app, slot, imageDigest, replicas, replica: 0, ordinal: 0, port: 8080, counted: false },
    ...{
      deploymentId: `00000000-0000-4000-8000-${app.slice(4).padStart(8, '0')}${String(number).padStart(4, '0')}`,
    },
    ...{ deploymentNumber: number, release: number, process: 'web' as InstanceSpec['process'] },
    ...{ health: null, command: null, env: { GREETING: 'hello' }, memoryBytes: 64e6, cpus: 0.1 },
    ...{ drainMs: 0, stopMs: 0, filesystem: { readOnly: true, tmpfs: [], volumes: [] } },
  }
}

/** What an engine does with a step that may be tried again. */
async function patiently(work: () => Promise<unknown>): Promise<void> {
  for (const deadline = Date.now() + 300_000; ; await sleep(200)) {
    try {
      return void (await work())
    } catch (error) {
      const passing =
        error instanceof TagshipError && /^(instance\.pending|router\.unavailable)$/.test(error.code)
      if (!passing || Date.now() > deadline) throw error
    }
  }
}

async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items]
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}

async function timed<T>(
  work: () => Promise<T>,
): Promise<{ readonly seconds: number; readonly requests: number }> {
  const [begin, before] = [performance.now(), requests]
  await work()
  return { seconds: (performance.now() - begin) / 1_000, requests: requests - before }
}

function megabytes(): number {
  globalThis.gc?.()
  return process.memoryUsage().rss / 1e6
}

/** Somebody sends an app's users to the pods of another. */
async function mislead(app: AppName): Promise<void> {
  const patch = '{"spec":{"selector":{"dev.tagship.set":"somebody-elses"}}}'
  const args = ['patch', 'service', app, '--namespace', `tagship-${app}`, '--type', 'merge', '--patch', patch]
  const { exitCode, stderr } = await runCommand('kubectl', ['--kubeconfig', cluster.kubeconfig, ...args])
  if (exitCode !== 0) throw new Error(`kubectl patch: ${stderr}`)
}

/** Never run: nothing but its digest is looked at. */
async function smallImage(): Promise<ImageDigest> {
  const input = `FROM scratch\nLABEL dev.tagship=${installation}\nWORKDIR /nothing\nCMD ["/nothing"]\n`
  const { stdout, stderr, exitCode } = await runCommand('docker', ['build', '--quiet', '-'], { input })
  if (exitCode !== 0) throw new Error(`docker build: ${stderr}`)
  return stdout.trim() as ImageDigest
}
