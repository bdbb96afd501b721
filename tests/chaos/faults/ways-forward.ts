/** The ways by which a release comes to serve. */
import { createInterface } from 'node:readline'
import { quickManifest } from '@tagship/tests/sample-app'
import { app, type World } from '../world.ts'
import { around, commitAgain, type Way } from './way.ts'

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
    'queued.claimed',
    'queued.committed',
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

const promotion: Way = {
  name: 'promotion',
  points: ['verifying.committed', ...around('awaitingPromotion')],
  async begin(world, point) {
    const manual = quickManifest.replace('rollout: {', 'rollout: { promotion: manual,')
    const { version } = await world.begin({ 'tagship.yaml': manual })
    if (point === 'awaitingPromotion.committed') await promote(world)
    return { serves: version }
  },
  async end(world) {
    // Where it died before anybody could promote it.
    const { state } = await world.untilState('awaitingPromotion', 'switching', 'draining', 'baking', 'live')
    if (state === 'awaitingPromotion') await promote(world)
    await commitAgain(world, { 'tagship.yaml': quickManifest })
  },
}

async function promote(world: World): Promise<void> {
  const { id } = await world.untilState('awaitingPromotion')
  await world.at.client.promote({ params: { id } })
}

const releaseCommand: Way = {
  name: 'release command',
  points: around('releasing'),
  async begin(world) {
    const command = `release: { command: [node, -e, 'setTimeout(() => {}, 1000)'] }\n`
    return { serves: await world.release({ 'tagship.yaml': quickManifest + command }) }
  },
  async end(world) {
    const { id } = await world.untilState('live')
    const times = await startsOfCommand(world, id)
    if (times !== 1) throw new Error(`the release command was run ${times} times`)
    await commitAgain(world, { 'tagship.yaml': quickManifest })
  },
}

/** As the engine has seen it. */
async function startsOfCommand({ at, machine: { docker } }: World, deployment: string): Promise<number> {
  const { createdAt } = await at.client.getDeployment({ params: { id: deployment } })
  const [since, until] = [Math.floor(Date.parse(createdAt) / 1_000), Math.ceil(Date.now() / 1_000)]
  const label = [`dev.tagship.deployment=${deployment}`, 'dev.tagship.role=release-command']
  const stream = await docker.getEvents({
    since,
    until,
    filters: { type: ['container'], event: ['start'], label },
  })
  return (await Array.fromAsync(createInterface({ input: stream }))).length
}

const laterRollback: Way = {
  name: 'later rollback',
  points: [...around('building'), ...startToLive],
  async begin(world, point) {
    await twoHaveServed(world)
    await world.arm(point)
    const { plan } = await world.at.json<{ plan: { to: { tag: string } } }>(['rollback', app, '--dry-run'])
    await world.at.tagship('rollback', app, '--detach')
    return { serves: plan.to.tag.slice(1) }
  },
  async end(world) {
    await world.untilState('live')
    await world.at.json(['resume', app])
  },
}

/** There has to be something to go back to. */
async function twoHaveServed(world: World): Promise<void> {
  const { exitCode } = await world.at.tagship('rollback', app, '--dry-run')
  if (exitCode === 0) return
  await world.arm()
  await world.release()
  await world.untilState('live')
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

export const waysForward: readonly Way[] = [deploy, promotion, releaseCommand, laterRollback, configChange]
