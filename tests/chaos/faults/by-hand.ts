/** Somebody removes what is ours from the Docker Engine: instances, images, addresses. */

import { setTimeout as sleep } from 'node:timers/promises'
import type { ProberReport } from '@tagship/prober'
import { localBase } from '@tagship/tests/sample-app'
import type { Cell } from '../cell.ts'
import { query } from '../query.ts'
import { until } from '../until.ts'
import { app, host, type World } from '../world.ts'
import { afterwards, healed, hold, instances, onlyRequestsInFlight, whileIn } from './engine.ts'

const removedByHand = 'instance removed (docker rm -f)'
const imageRemoved = 'image removed (docker rmi -f)'
const networkRemoved = 'network removed (docker network rm)'
const cutOff = 'instance cut off (docker network disconnect)'

/** What a stranger answers: no instance of ours ever does. */
const strangersStatus = 418

export const byHandFaults: readonly Cell[] = [
  {
    fault: removedByHand,
    at: 'live: both of two',
    servers: 'own',
    strike: (world) => afterwards(world, async () => removeAll(world, await instances(world))),
    judge: whileNoneWasLeft,
  },
  {
    fault: removedByHand,
    at: 'deploy: verifying, one of the new',
    servers: 'own',
    async strike(world) {
      const serves = await world.version()
      const before = await instances(world)
      const expected = await whileIn(world, 'verifying', async () => {
        const [fresh] = (await allInstances(world)).filter((id) => !before.includes(id))
        return removeAll(world, [fresh ?? ''])
      })
      return { ...expected, serves, state: 'failed', failure: 'instance.exited' }
    },
  },
  {
    fault: removedByHand,
    at: 'deploy: baking, one of the new',
    servers: 'own',
    async strike(world) {
      const serves = await world.version()
      const before = await allInstances(world)
      const expected = await whileIn(world, 'baking', async () => {
        const [fresh] = (await allInstances(world)).filter((id) => !before.includes(id))
        return removeAll(world, [fresh ?? ''])
      })
      return { ...expected, serves, state: 'rolledBack', failure: 'bake.unhealthy' }
    },
    judge: onlyRequestsInFlight,
  },
  ...(['one', 'both'] as const).map(
    (which): Cell => ({
      fault: removedByHand,
      at: `deploy: baking, ${which} of the warm, then a rollback`,
      servers: 'own',
      async strike(world) {
        const serves = await world.version()
        const warm = await instances(world)
        await whileIn(world, 'baking', async () => {
          await removeAll(world, which === 'one' ? warm.slice(0, 1) : warm)
          await world.at.json(['rollback', app, '--detach'])
          return performance.now()
        })
        await world.untilState('live', 'rolledBack')
        // Later cells push again.
        await world.at.json(['resume', app])
        return { serves, state: 'live', withinMs: 60_000 }
      },
    }),
  ),
  {
    fault: imageRemoved,
    at: 'live, with its instances',
    servers: 'own',
    strike: (world) =>
      afterwards(world, async () => {
        const { imageDigest } = await world.newest()
        // The image first would be refused while containers use it: both at once, as a person's script does.
        await removeAll(world, await instances(world))
        await removeImage(world, imageDigest)
        return performance.now()
      }),
    judge: whileNoneWasLeft,
  },
  {
    fault: imageRemoved,
    at: 'deploy: starting',
    servers: 'own',
    async strike(world) {
      const before = await world.version()
      const serves = await hold(world, 'starting')
      const { imageDigest } = await world.newest()
      await removeImage(world, imageDigest)
      await world.resumeController()
      const { failure } = await world.untilState('failed')
      if (failure?.code !== 'image.missing') throw new Error(`it failed with ${failure?.code}`)
      if ((await world.version()) !== before) throw new Error('what was live does not serve on')
      // As the failure says.
      await world.at.tagship('deploy', app, `v${serves}`, '--detach')
      return { serves, withinMs: 60_000 }
    },
  },
  {
    fault: imageRemoved,
    at: 'rollback to its release',
    servers: 'own',
    async strike(world) {
      const { live } = await world.at.client.getApp({ params: { app } })
      const [digest] = await query<{ digest: string }>(
        world.at,
        `SELECT r.image_digest AS digest FROM releases r JOIN deployments d ON d.release_id = r.id
          WHERE d.id = $1`,
        [live?.deployment],
      )
      const old = await instances(world)
      const serves = await world.release()
      await world.untilState('live')
      await until('the old instances are gone', 60_000, async () => {
        const left = await allInstances(world)
        return old.every((id) => !left.includes(id))
      })
      await removeImage(world, digest?.digest ?? null)
      const { exitCode, stderr } = await world.at.tagship('rollback', app)
      if (exitCode !== 4) throw new Error(`the rollback ended with ${exitCode}, not 4: ${stderr}`)
      if (!/image/.test(stderr))
        throw new Error(`the rollback does not say that the image is gone: ${stderr}`)
      return { serves }
    },
  },
  {
    fault: cutOff,
    at: 'live: one of two',
    servers: 'own',
    strike: (world) =>
      afterwards(world, () =>
        healed(world, async () => disconnect(world, (await instances(world)).slice(0, 1))),
      ),
    judge: onlyRequestsInFlight,
  },
  {
    fault: networkRemoved,
    at: 'live',
    servers: 'own',
    strike: (world) => afterwards(world, () => healed(world, () => removeNetwork(world))),
    judge: whileNoneWasLeft,
  },
  ...(['releasing', 'starting'] as const).map(
    (state): Cell => ({
      fault: networkRemoved,
      at: `deploy: ${state}`,
      servers: 'own',
      strike: (world) => whileIn(world, state, () => removeNetwork(world)),
      judge: whileNoneWasLeft,
    }),
  ),
  ...(['one', 'both'] as const).map(
    (which): Cell => ({
      fault: 'a stranger takes the address',
      at: `live: of ${which} of two, removed`,
      servers: 'own',
      ...(which === 'one' ? { representative: true } : {}),
      strike: (world) =>
        afterwards(world, async () => {
          const all = await instances(world)
          const gone = which === 'one' ? all.slice(0, 1) : all
          return healed(world, () => withStrangers(world, gone))
        }),
      judge: (traffic) => [
        ...(which === 'one' ? onlyRequestsInFlight(traffic) : whileNoneWasLeft()),
        ...answeredByStrangers(traffic),
      ],
    }),
  ),
]

async function removeAll({ machine: { docker } }: World, ids: readonly string[]): Promise<number> {
  await Promise.all(ids.map((id) => docker.getContainer(id).remove({ force: true })))
  return performance.now()
}

async function removeImage({ machine: { docker } }: World, digest: string | null): Promise<void> {
  if (!digest) throw new Error('the deployment has no image')
  await docker.getImage(digest).remove({ force: true })
}

/** Of the app, whichever release they are of. */
async function allInstances({ at, machine: { docker } }: World): Promise<string[]> {
  const label = [`dev.tagship=${at.id}`, `dev.tagship.app=${app}`, 'dev.tagship.role=instance']
  return (await docker.listContainers({ all: true, filters: { label } })).map(({ Id }) => Id)
}

const networkOf = ({ at }: World) => `tagship-${at.id}-${app}`

async function disconnect(world: World, ids: readonly string[]): Promise<number> {
  const network = world.machine.docker.getNetwork(networkOf(world))
  await Promise.all(ids.map((Container) => network.disconnect({ Container, Force: true })))
  return performance.now()
}

/** The engine refuses it while anything is attached: a person's script cuts all off first. */
async function removeNetwork(world: World): Promise<number> {
  await disconnect(world, await allInstances(world))
  await world.machine.docker.getNetwork(networkOf(world)).remove()
  return performance.now()
}

/** Removes the instances; in the same breath programs that are not ours answer at their addresses. */
async function withStrangers(world: World, ids: readonly string[]): Promise<number> {
  const { docker } = world.machine
  const network = networkOf(world)
  const base = (await localBase()).replace('BASE=', '')
  const program = `require('node:http').createServer((_, answer) => answer.writeHead(${strangersStatus}).end()).listen(8080)`
  const strangers = await Promise.all(
    ids.map(async (id) => {
      const { NetworkSettings } = await docker.getContainer(id).inspect()
      const address = NetworkSettings.Networks[network]?.IPAddress ?? ''
      const container = await docker.createContainer({
        Image: base,
        Entrypoint: ['node', '-e', program],
        HostConfig: { NetworkMode: network },
        NetworkingConfig: { EndpointsConfig: { [network]: { IPAMConfig: { IPv4Address: address } } } },
      })
      return { address, container }
    }),
  )
  try {
    await removeAll(world, ids)
    await Promise.all(strangers.map(({ container }) => container.start()))
    for (const { address } of strangers) {
      await until(`the stranger at ${address} answers`, 20_000, async () => {
        const { status } = await fetch(`http://${address}:8080/`)
        return status === strangersStatus
      })
    }
    await neverAnswered(world)
    return performance.now()
  } finally {
    await Promise.all(strangers.map(({ container }) => container.remove({ force: true })))
  }
}

/** Asks as users do, for some seconds. @throws where a stranger answers */
async function neverAnswered({ at }: World): Promise<void> {
  for (const over = performance.now() + 5_000; performance.now() < over; await sleep(10)) {
    const { status } = await at.fetch(host).catch(() => ({ status: 0 }))
    if (status === strangersStatus) throw new Error('a stranger has answered a request to the app')
  }
}

function answeredByStrangers({ total }: ProberReport): string[] {
  const strangers = total.failures.filter(({ status }) => status === strangersStatus)
  return strangers.length > 0 ? [`a stranger has answered ${strangers.length} requests`] : []
}

/** Nothing can answer where nothing is left; that it answers again is for the outcome to say. */
function whileNoneWasLeft(): string[] {
  return []
}
