/** The power goes: everything is killed, and comes back in one order or another. */
import { readdir, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import type { DeploymentState } from '@tagship/domain'
import type { Cell, Expected } from '../cell.ts'
import { until } from '../until.ts'
import { app, host, type World } from '../world.ts'

const fault = 'machine off'
/** Nothing can be promised of the time without power: what comes of it afterwards is. */
const judge = () => []

const answering = async ({ at }: World) => (await at.fetch(host)).version ?? ''

/** With the engine alone: no controller, no Postgres, no Redis. */
async function serveWithoutControlPlane(world: World, version: string): Promise<void> {
  await until(`${version} answers with the control plane down`, 60_000, async () => {
    return (await answering(world)) === version
  })
  const answers = await fetch(`${world.at.url}/healthz`).then(
    () => true,
    () => false,
  )
  if (answers) throw new Error('the control plane is not down')
}

async function up(world: World): Promise<number> {
  const begin = performance.now()
  const { exitCode, stderr } = await world.at.up()
  if (exitCode !== 0) throw new Error(`tagship up: ${stderr}`)
  return begin
}

/** The order in which things come back, while nothing was under way. */
const orders: Readonly<Record<string, (world: World, version: string) => Promise<number>>> = {
  'engine, then controller': async (world, version) => {
    await world.machine.powerOff()
    await world.machine.engine.start()
    await serveWithoutControlPlane(world, version)
    return up(world)
  },
  'three cuts in a row': async (world, version) => {
    for (let cut = 0; cut < 3; cut += 1) {
      await world.machine.powerOff()
      await world.machine.engine.start()
    }
    await serveWithoutControlPlane(world, version)
    return up(world)
  },
  'a cut while the controller starts': async (world) => {
    await world.machine.powerOff()
    await world.machine.engine.start()
    const starting = world.at.up()
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    await world.machine.powerOff()
    await starting
    await world.machine.engine.start()
    return up(world)
  },
  'controller down, engine stopped and started': async (world, version) => {
    await world.at.tagship('down', '--data', world.at.data)
    await world.machine.engine.end('SIGTERM')
    await serveWithoutControlPlane(world, version)
    await world.machine.engine.start()
    await serveWithoutControlPlane(world, version)
    return up(world)
  },
  'an instance does not come back': async (world, version) => {
    await world.machine.powerOff()
    await world.machine.engine.start()
    const label = [`dev.tagship=${world.at.id}`, 'dev.tagship.role=instance', `dev.tagship.app=${app}`]
    const [one] = await world.machine.docker.listContainers({ filters: { label } })
    if (!one) throw new Error('no instance runs')
    await world.machine.docker.getContainer(one.Id).remove({ force: true })
    await serveWithoutControlPlane(world, version)
    return up(world)
  },
  'small files are empty': async (world) => {
    await world.machine.powerOff()
    const emptied = await emptySmallFiles(world)
    if (emptied < 8) throw new Error(`only ${emptied} files were there to be emptied`)
    await world.machine.engine.start()
    return up(world)
  },
}

/** What a power cut may leave of files that were being written. */
async function emptySmallFiles({ at }: World): Promise<number> {
  const names = [
    'controller.json',
    'controller.pid',
    'postgres.port',
    'postgres/postmaster.pid',
    'redis/redis.pid',
    'router/secret',
    'router/haproxy.cfg',
    'router/tagship.lua',
    'router/start.sh',
    'router/state/seats.cfg',
    `git/${app}.git/HEAD`,
  ]
  const controllers = await readdir(join(at.data, 'controllers')).catch(() => [])
  const paths = [...names, ...controllers.map((name) => `controllers/${name}`)]
  const emptied = await Promise.all(
    paths.map((path) =>
      truncate(join(at.data, path), 0).then(
        () => 1,
        () => 0,
      ),
    ),
  )
  return emptied.reduce<number>((sum, one) => sum + one, 0)
}

const representativeOrder = 'engine, then controller'

const inOrder: readonly Cell[] = Object.entries(orders).map(([order, play]) => ({
  fault,
  at: `live: ${order}`,
  servers: 'own',
  judge,
  ...(order === representativeOrder ? { representative: true } : {}),
  async strike(world): Promise<Expected> {
    const serves = await answering(world)
    const before = await world.newest()
    const mendedAt = await play(world, serves)
    const heals = order === 'an instance does not come back'
    return { serves, state: heals ? 'live' : before.state, mendedAt, withinMs: 60_000 }
  },
}))

/** The launcher starts the engine where nobody else does. The last cell: that engine is not the machine's own. */
const upAlone: Cell = {
  fault,
  at: 'live: tagship up alone',
  servers: 'own',
  judge,
  async strike(world) {
    const serves = await answering(world)
    const { state } = await world.newest()
    await world.machine.powerOff()
    return { serves, state, mendedAt: await up(world) }
  },
}

/** Where a deployment is when the power goes; `moved`: the new release has the traffic by then. */
const moments: readonly { point: string; state: DeploymentState; moved?: true; representative?: true }[] = [
  { point: 'build.claimed', state: 'building' },
  { point: 'starting.instanceStarted', state: 'starting' },
  { point: 'verifying.claimed', state: 'verifying' },
  { point: 'verifying.acted', state: 'verifying' },
  { point: 'switching.beforeSwitch', state: 'switching' },
  { point: 'switching.afterSwitch', state: 'switching', moved: true, representative: true },
  { point: 'draining.claimed', state: 'draining', moved: true },
  { point: 'baking.claimed', state: 'baking', moved: true },
]

const inState: readonly Cell[] = moments.map(({ point, state, moved, ...more }) => ({
  fault,
  at: `deploy: ${point}`,
  servers: 'own',
  judge,
  ...more,
  async strike(world) {
    await world.arm(`${point}:pause`)
    const before = await answering(world)
    const { version } = await world.begin()
    await world.untilState(state)
    await world.struck()
    const serving = moved ? version : before
    await until(`${serving} answers`, 30_000, async () => (await answering(world)) === serving)
    await world.machine.powerOff()
    await world.machine.engine.start()
    await serveWithoutControlPlane(world, serving)
    return { serves: version, mendedAt: await up(world), withinMs: 60_000 }
  },
}))

const canceling: Cell = {
  fault,
  at: 'cancel: canceling.claimed',
  servers: 'own',
  judge,
  async strike(world) {
    await world.arm('canceling.claimed:pause')
    const before = await answering(world)
    await world.begin({ 'server.js': 'setInterval(() => {}, 1000)\n' })
    const { id } = await world.untilState('verifying')
    await world.at.client.cancel({ params: { id } })
    await world.untilState('canceling')
    await world.struck()
    await world.machine.powerOff()
    await world.machine.engine.start()
    await serveWithoutControlPlane(world, before)
    return { serves: before, state: 'canceled', mendedAt: await up(world) }
  },
}

export const machineFaults: readonly Cell[] = [...inOrder, ...inState, canceling, upAlone]
