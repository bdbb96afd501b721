/** The ways by which a release does not come to serve, or serves no longer. */
import { quickManifest } from '@tagship/tests/sample-app'
import { query } from '../query.ts'
import { until } from '../until.ts'
import { app, type World } from '../world.ts'
import { around, commitAgain, exampleFile, type Way } from './way.ts'

const bakesLong = quickManifest.replace('bake: 1s', 'bake: 2m')

const rollbackInBake: Way = {
  name: 'rollback in the bake',
  points: [...around('reverting', 'beforeSwitch', 'afterSwitch'), ...around('evicting', 'instanceGone')],
  representative: ['reverting.afterSwitch'],
  async begin(world) {
    const serves = await world.version()
    void world.release({ 'tagship.yaml': bakesLong })
    await world.untilState('baking')
    await world.at.tagship('rollback', app, '--detach')
    return { serves, state: 'rolledBack' }
  },
  end: goOn,
}

const rollbackInDrain: Way = {
  name: 'rollback while draining',
  points: around('reverting', 'afterSwitch'),
  async begin(world) {
    const serves = await world.version()
    await world.begin({ 'tagship.yaml': bakesLong })
    await world.untilState('draining')
    await world.at.client.rollBack({ params: { app }, body: {} })
    return { serves, state: 'rolledBack' }
  },
  async end(world) {
    await goOn(world)
    const { phases } = await world.newest()
    if (phases.some(({ name }) => name === 'baking'))
      throw new Error('it was drained before it was rolled back')
  },
}

async function goOn(world: World): Promise<void> {
  await world.untilState('rolledBack')
  await world.at.client.resume({ params: { app } })
  await world.repository.commit({ 'tagship.yaml': quickManifest }, 'Bake quickly')
}

const cancel: Way = {
  name: 'cancel',
  points: ['awaitingPromotion.committed', ...around('canceling', 'instanceGone')],
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

const cancelBoot: Way = {
  name: 'cancel while verifying',
  points: ['verifying.committed', ...around('canceling', 'instanceGone')],
  async begin(world) {
    const serves = await world.version()
    await world.begin({ 'server.js': 'setInterval(() => {}, 1000)\n' })
    const { id } = await world.untilState('verifying')
    await world.at.client.cancel({ params: { id } })
    return { serves, state: 'canceled' }
  },
  end: putServerBack,
}

const cancelBuild: Way = {
  name: 'cancel of a build',
  points: ['building.committed', ...around('canceling')],
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
  end: putServerBack,
}

const brokenBuild: Way = {
  name: 'broken build',
  points: ['build.claimed', 'building.acted', 'building.committed'],
  async begin(world) {
    const serves = await world.version()
    const recipe = await exampleFile('Dockerfile')
    await world.begin({ Dockerfile: `${recipe}RUN exit 3\n` })
    return { serves, state: 'failed', failure: 'build.failed' }
  },
  end: async (world) => commitAgain(world, { Dockerfile: await exampleFile('Dockerfile') }),
}

async function putServerBack(world: World): Promise<void> {
  await commitAgain(world, { 'server.js': await exampleFile('server.js') })
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

export const waysBack: readonly Way[] = [
  rollbackInBake,
  rollbackInDrain,
  cancel,
  cancelBoot,
  cancelBuild,
  broken,
  brokenBuild,
]
