/** The controller dies (`kill -9`) at every point of each way, and a fresh one is started. */
import { readFile } from 'node:fs/promises'
import { quickManifest } from '@tagship/tests/sample-app'
import type { Cell, Expected } from '../cell.ts'
import { query } from '../query.ts'
import { until } from '../until.ts'
import { app, type World } from '../world.ts'

const fault = 'controller killed'

/** One way of a deployment: what brings it about, and what has to come of it. */
interface Way {
  readonly name: string
  /** The points that it passes, in order. */
  readonly points: readonly string[]
  /** Those of them that `npm test` plays, too. */
  readonly representative?: readonly string[]
  /** Begins it under the fault point. A push that has to be followed for long is left to itself. */
  begin(world: World): Promise<Expected>
  /** Puts back what the next cell must not find changed; after the outcome. */
  end?(world: World): Promise<void>
}

const around = (state: string, ...inside: string[]) => [
  `${state}.claimed`,
  ...inside.map((point) => `${state}.${point}`),
  `${state}.acted`,
  `${state}.committed`,
]

/** From the image on. */
const startToLive = [
  ...around('releasing'),
  ...around('starting', 'instanceStarted'),
  ...around('verifying'),
  ...around('switching', 'beforeSwitch', 'afterSwitch'),
  ...around('draining'),
  ...around('baking'),
]

const deploy: Way = {
  name: 'deploy',
  points: [
    'building.claimed',
    'build.claimed',
    'build.built',
    'building.acted',
    'building.committed',
    ...startToLive,
    'warm.instanceGone',
  ],
  representative: [
    'build.built',
    'starting.instanceStarted',
    'switching.beforeSwitch',
    'switching.afterSwitch',
    'baking.committed',
  ],
  begin: async (world) => ({ serves: await world.release() }),
}

const rollbackInBake: Way = {
  name: 'rollback in the bake',
  points: [...around('reverting', 'beforeSwitch', 'afterSwitch'), ...around('evicting', 'instanceGone')],
  representative: ['reverting.afterSwitch'],
  async begin(world) {
    const serves = await world.version()
    void world.release({ 'tagship.yaml': quickManifest.replace('bake: 1s', 'bake: 2m') })
    await world.untilState('baking')
    await world.at.tagship('rollback', app, '--detach')
    return { serves, state: 'rolledBack' }
  },
  async end(world) {
    await world.untilState('rolledBack')
    await world.at.json(['resume', app])
    await world.repository.commit({ 'tagship.yaml': quickManifest }, 'Bake quickly')
  },
}

const laterRollback: Way = {
  name: 'later rollback',
  points: [...around('building'), ...startToLive],
  async begin(world) {
    const { plan } = await world.at.json<{ plan: { to: { tag: string } } }>(['rollback', app, '--dry-run'])
    await world.at.tagship('rollback', app, '--detach')
    return { serves: plan.to.tag.slice(1) }
  },
  async end(world) {
    await world.untilState('live')
    await world.at.json(['resume', app])
  },
}

const configChange: Way = {
  name: 'config change',
  points: [...around('building'), ...startToLive],
  async begin(world) {
    const serves = await world.version()
    await world.at.tagship('env', 'set', app, `GREETING=${await nextNumber(world)}`, '--detach')
    return { serves }
  },
  async end(world) {
    const { id, number, trigger } = await world.untilState('live')
    const own = { label: [`dev.tagship=${world.at.id}`, `dev.tagship.deployment=${id}`] }
    const containers = await world.machine.docker.listContainers({ filters: own })
    for (const { Id } of containers) {
      const { Config } = await world.machine.docker.getContainer(Id).inspect()
      if (!Config.Env.includes(`GREETING=${number}`)) throw new Error(`${Id} has other env: ${Config.Env}`)
    }
    if (trigger !== 'config' || containers.length === 0)
      throw new Error(`${trigger}: ${containers.length} instances`)
  },
}

/** Of the deployment that comes next. */
async function nextNumber({ newest }: World): Promise<number> {
  return (await newest()).number + 1
}

const cancel: Way = {
  name: 'cancel',
  points: around('canceling', 'instanceGone'),
  async begin(world) {
    const serves = await world.version()
    const manual = quickManifest.replace('rollout: {', 'rollout: { promotion: manual,')
    void world.release({ 'tagship.yaml': manual })
    await world.untilState('awaitingPromotion')
    await world.at.tagship('cancel', app, '--detach')
    return { serves, state: 'canceled' }
  },
  end: (world) => commitAgain(world, { 'tagship.yaml': quickManifest }),
}

const cancelBuild: Way = {
  name: 'cancel of a build',
  points: around('canceling'),
  async begin(world) {
    const serves = await world.version()
    const recipe = await exampleFile('Dockerfile')
    void world.release({ Dockerfile: recipe.replace('USER', 'RUN sleep 120\nUSER') })
    await untilBuilt(world, 'sleep 120')
    await world.at.tagship('cancel', app, '--detach')
    return { serves, state: 'canceled' }
  },
  end: async (world) => commitAgain(world, { Dockerfile: await exampleFile('Dockerfile') }),
}

const broken: Way = {
  name: 'broken release',
  points: around('failing', 'instanceGone'),
  async begin(world) {
    const serves = await world.version()
    await world.release({ 'server.js': 'process.exit(3)\n' })
    return { serves, state: 'failed', failure: 'instance.exited' }
  },
  end: async (world) => commitAgain(world, { 'server.js': await exampleFile('server.js') }),
}

async function commitAgain(world: World, files: Readonly<Record<string, string>>): Promise<void> {
  await world.repository.commit(files, 'Put it right')
}

/** Until the build is at the command. */
async function untilBuilt({ at, newest }: World, command: string): Promise<void> {
  await until(`the build is at ${command}`, 60_000, async () => {
    const { id, state } = await newest()
    if (state !== 'building') return false
    const lines = await query(at, 'SELECT text FROM log_chunks WHERE deployment_id = $1', [id])
    return JSON.stringify(lines).includes(command)
  })
}

function exampleFile(name: string): Promise<string> {
  return readFile(new URL(`../../../examples/node-web/${name}`, import.meta.url), 'utf8')
}

function cellsOf({ name, points, representative, begin, end }: Way): Cell[] {
  return points.map((point) => ({
    fault,
    at: `${name}: ${point}`,
    servers: 'own',
    once: true,
    ...(representative?.includes(point) ? { representative: true } : {}),
    async strike(world: World) {
      await world.arm(point)
      const expected = await begin(world)
      await world.controllerDied()
      const mendedAt = performance.now()
      await world.at.up()
      await end?.(world)
      return { ...expected, mendedAt }
    },
  }))
}

const ways = [deploy, rollbackInBake, laterRollback, configChange, cancel, cancelBuild, broken]

export const controllerFaults: readonly Cell[] = ways.flatMap(cellsOf)
