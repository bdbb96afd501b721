/** The router dies, hangs, loses its files or finds its port taken, in each state of a deployment. */
import { once } from 'node:events'
import { copyFile, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { DeploymentState } from '@tagship/domain'
import type { ProberReport } from '@tagship/prober'
import { quickManifest } from '@tagship/tests/sample-app'
import type { Cell } from '../cell.ts'
import { until } from '../until.ts'
import { app, host, type World } from '../world.ts'

/** What was in flight when the router died is lost; that it is back in time, and knows its routes, is promised. */
const backWithin =
  (ms: number, mayAnswer?: number): NonNullable<Cell['judge']> =>
  ({ total }: ProberReport) => [
    ...(total.longestGapMs > ms ? [`nothing right came back for ${Math.round(total.longestGapMs)} ms`] : []),
    ...total.failures
      .filter(({ status }) => (status ?? 0) >= 400 && status !== mayAnswer)
      .slice(0, 3)
      .map(({ status, message }) => `answered with ${status}: ${message}`),
  ]

/** On a quiet machine it is under two seconds (the table says how many); a busy one may take longer. */
const backMs = 5_000
const hungBackMs = 12_000

type Damage = (world: World) => Promise<void>

const container = ({ machine, at }: World) => machine.docker.getContainer(`tagship-${at.id}-router`)
const inFolder = ({ at }: World, path = '.') => join(at.data, 'router', path)
const seatFile = (world: World) => inFolder(world, 'state/seats.cfg')

async function masterPid(world: World): Promise<number> {
  const { State } = await container(world).inspect()
  if (!State.Running || State.Pid === 0) throw new Error('the router does not run')
  return State.Pid
}

async function signalWorker(world: World, signal: NodeJS.Signals): Promise<void> {
  const pid = await masterPid(world)
  const workers = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).match(/\d+/g) ?? []
  if (workers.length === 0) throw new Error('the router has no worker')
  for (const worker of workers) process.kill(Number(worker), signal)
}

const killMaster: Damage = async (world) => void process.kill(await masterPid(world), 'SIGKILL')

const deaths: Readonly<Record<string, Damage>> = {
  'worker killed': (world) => signalWorker(world, 'SIGKILL'),
  'master killed': killMaster,
  'docker kill': (world) => container(world).kill(),
  'docker stop': (world) => container(world).stop(),
  'docker rm -f': (world) => container(world).remove({ force: true }),
}

/** Each is followed by the death of the router, which then has to read its files. */
const damages: Readonly<Record<string, Damage>> = {
  'seats.cfg cut short': async (world) => truncate(seatFile(world), (await stat(seatFile(world))).size - 40),
  'seats.cfg empty': (world) => truncate(seatFile(world), 0),
  'seats.cfg garbage': (world) => writeFile(seatFile(world), 'frontend x\n\u0000\u0001 nonsense\n'),
  'seats.cfg deleted': (world) => rm(seatFile(world)),
}

/** They need a controller: without one the engine tries to start the router until there is one. */
const losses: Readonly<Record<string, Damage>> = {
  'haproxy.cfg broken': (world) => writeFile(inFolder(world, 'haproxy.cfg'), 'global\n  nonsense\n'),
  'start script empty': (world) => truncate(inFolder(world, 'start.sh'), 0),
}

/** Also the fallback is gone: until the controller has told it its routes, the router asks for patience (503). */
const folderRemoved: Damage = (world) => rm(inFolder(world), { recursive: true })

/** Where a deployment is held while the router is struck: the state, and the fault point that holds it. */
const moments: readonly (readonly [DeploymentState, string])[] = [
  ['starting', 'starting.claimed'],
  ['verifying', 'verifying.claimed'],
  ['switching', 'switching.beforeSwitch'],
  ['switching', 'switching.afterSwitch'],
  ['draining', 'draining.claimed'],
  ['baking', 'baking.claimed'],
]

const live = async ({ at }: World) => (await at.fetch(host)).version ?? ''

/** A cell before may have ended with another outcome than `live`. */
const asItStands = async (world: World) => ({
  serves: await live(world),
  state: (await world.newest()).state,
})

const serves = (world: World, version: string, ms = 30_000) =>
  until(`${version} answers`, ms, async () => (await live(world)) === version)

/** Does the damage, and waits until the container was started anew. @returns when it was struck */
async function strikeRouter(world: World, damage: Damage): Promise<number> {
  const startOf = async () => (await container(world).inspect()).State.StartedAt
  const before = await startOf()
  await damage(world)
  const struckAt = performance.now()
  await until('the router runs anew', 30_000, async () => (await startOf()) !== before)
  return struckAt
}

const representative: readonly string[] = ['docker rm -f', 'seats.cfg cut short, then killed']

/** While nothing is under way. */
const whileLive = (fault: string, damage: Damage, judge = backWithin(backMs)): Cell => ({
  fault: 'router',
  at: `${fault} · live`,
  servers: 'own',
  ...(representative.includes(fault) ? { representative: true } : {}),
  judge,
  async strike(world) {
    const standing = await asItStands(world)
    return { ...standing, mendedAt: await strikeRouter(world, damage) }
  },
})

const whileHeld = (
  fault: string,
  damage: Damage,
  [state, point]: readonly [DeploymentState, string],
): Cell => ({
  fault: 'router',
  at: `${fault} · deploy: ${point}`,
  servers: 'own',
  judge: backWithin(backMs),
  async strike(world) {
    await world.arm(`${point}:pause`)
    const before = await live(world)
    const { version } = await world.begin()
    await world.untilState(state)
    await world.struck()
    const moved = point === 'switching.afterSwitch' || state === 'draining' || state === 'baking'
    await serves(world, moved ? version : before)
    const mendedAt = await strikeRouter(world, damage)
    await serves(world, moved ? version : before)
    await world.resumeController()
    return { serves: version, mendedAt }
  },
})

/** The route goes back while the router is away. */
const whileReverting = (fault: string, damage: Damage): Cell => ({
  fault: 'router',
  at: `${fault} · rollback: reverting`,
  servers: 'own',
  judge: backWithin(backMs),
  async strike(world) {
    await world.arm('reverting.afterSwitch:pause')
    const before = await live(world)
    await world.begin({ 'tagship.yaml': quickManifest.replace('bake: 1s', 'bake: 2m') })
    const { id } = await world.untilState('baking')
    await world.at.client.rollBack({ params: { app }, body: { reason: 'chaos' } })
    await world.untilState('reverting')
    await serves(world, before)
    const mendedAt = await strikeRouter(world, damage)
    await serves(world, before)
    await world.resumeController()
    await until('it is rolled back', 30_000, async () => (await world.newest()).state === 'rolledBack')
    const newest = await world.newest()
    if (newest.id !== id) throw new Error('another deployment is the newest')
    await world.at.json(['resume', app])
    await world.repository.commit({ 'tagship.yaml': quickManifest }, 'Bake quickly')
    return { serves: before, state: 'rolledBack', mendedAt }
  },
})

/** The engine alone brings it back, and the controller that comes later finds it right. */
const withoutController = (fault: string, damage: Damage): Cell => ({
  fault: 'router',
  at: `${fault}, then killed · controller down`,
  servers: 'own',
  judge: backWithin(backMs),
  async strike(world) {
    const standing = await asItStands(world)
    await world.at.tagship('down', '--data', world.at.data)
    const mendedAt = await strikeRouter(world, then(damage, killMaster))
    await serves(world, standing.serves)
    await world.at.up()
    return { ...standing, mendedAt }
  },
})

const then =
  (damage: Damage, next: Damage): Damage =>
  async (world) => {
    await damage(world)
    await next(world)
  }

/** The routes of the release before: its instances are gone by the time that they are read. */
const staleRoutes: Cell = {
  fault: 'router',
  at: 'seats.cfg of the release before, then killed · live',
  servers: 'own',
  // Until the comparison finds it, users get the page that says that the app is not there.
  judge: ({ total }) => (total.longestGapMs > 5_000 ? [`a gap of ${total.longestGapMs} ms`] : []),
  async strike(world) {
    await world.arm()
    const copy = join(world.at.data, 'seats.before')
    await copyFile(seatFile(world), copy)
    const version = await world.release()
    await world.untilState('live')
    await until('the old slot is empty', 30_000, async () => {
      const targets = (await readFile(seatFile(world), 'utf8')).match(/^ {2}server /gm) ?? []
      return targets.length === 2
    })
    await killMaster(world)
    await copyFile(copy, seatFile(world))
    await rm(copy)
    return { serves: version, mendedAt: performance.now() }
  },
}

/** The file is put right although the router that runs knows better, and never reads it. */
const damagedUnderneath: Cell = {
  fault: 'router',
  at: 'seats.cfg damaged while it runs · live',
  servers: 'own',
  async strike(world) {
    await world.arm()
    const standing = await asItStands(world)
    const before = await readFile(seatFile(world), 'utf8')
    await truncate(seatFile(world), 10)
    const mendedAt = performance.now()
    await until(
      'the file is whole again',
      10_000,
      async () => (await readFile(seatFile(world), 'utf8')) === before,
    )
    return { ...standing, mendedAt }
  },
}

const portTaken: Cell = {
  fault: 'router',
  at: 'its port taken by another program · live',
  servers: 'own',
  judge: backWithin(60_000),
  async strike(world) {
    const standing = await asItStands(world)
    const stranger = createServer((socket) => socket.destroy())
    await container(world).kill()
    stranger.listen(world.at.httpPort, '0.0.0.0')
    await once(stranger, 'listening')
    await until('/readyz says that the port is taken', 20_000, async () => {
      const answer = await fetch(`${world.at.url}/readyz`)
      const text = await answer.text()
      return answer.status === 503 && text.includes(`port ${world.at.httpPort}`)
    })
    const { stdout } = await world.at.tagship('doctor', '--data', world.at.data)
    if (!stdout.includes(`port ${world.at.httpPort}`)) throw new Error(`doctor does not say so: ${stdout}`)
    const mendedAt = performance.now()
    stranger.close()
    return { ...standing, mendedAt }
  },
}

const [workerKilled, removed] = [deaths['worker killed'] as Damage, deaths['docker rm -f'] as Damage]
const garbage = damages['seats.cfg garbage'] as Damage

export const routerFaults: readonly Cell[] = [
  ...Object.entries(deaths).map(([fault, damage]) => whileLive(fault, damage)),
  ...Object.entries({ ...damages, ...losses }).map(([fault, damage]) =>
    whileLive(`${fault}, then killed`, then(damage, killMaster)),
  ),
  whileLive('folder removed, then killed', then(folderRemoved, killMaster), backWithin(backMs, 503)),
  whileLive('hangs', (world) => signalWorker(world, 'SIGSTOP'), backWithin(hungBackMs)),
  whileLive('sockets removed', (world) => rm(inFolder(world, 'run/cli.sock')), backWithin(hungBackMs)),
  staleRoutes,
  damagedUnderneath,
  portTaken,
  ...moments.map((moment) => whileHeld('worker killed', workerKilled, moment)),
  ...moments.map((moment) => whileHeld('docker rm -f', removed, moment)),
  ...moments.map((moment) => whileHeld('seats.cfg garbage, then killed', then(garbage, killMaster), moment)),
  whileReverting('worker killed', workerKilled),
  whileReverting('docker rm -f', removed),
  ...Object.entries({ ...damages, undamaged: async () => {} }).map(([fault, damage]) =>
    withoutController(fault, damage),
  ),
]
