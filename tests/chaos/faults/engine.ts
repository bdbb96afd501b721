/** The Docker Engine is restarted, hangs, or somebody removes what is ours behind its back. */

import { setTimeout as sleep } from 'node:timers/promises'
import type { ProberReport } from '@tagship/prober'
import type { Cell, Expected } from '../cell.ts'
import { query } from '../query.ts'
import { until } from '../until.ts'
import { app, type World } from '../world.ts'

/** States that the new deployment is held in while the engine is away; the point that holds it there. */
const pausedIn = [
  'building',
  'releasing',
  'starting',
  'verifying',
  'switching',
  'draining',
  'baking',
] as const
const hangMs = 60_000

/** That of the sample, with a step in which a build can be met. */
const slowDockerfile = `ARG BASE
FROM \${BASE}
WORKDIR /app
COPY . .
RUN echo the slow step has begun; sleep 6
USER 1000:1000
EXPOSE 8080
CMD ["node", "server.js"]
`

export const engineFaults: readonly Cell[] = [
  ...(['SIGTERM', 'SIGKILL'] as const).flatMap((signal) =>
    pausedIn.map(
      (state): Cell => ({
        fault: `engine restarted (${signal})`,
        at: `deploy: ${state}`,
        servers: 'own',
        ...(signal === 'SIGKILL' && state === 'starting' ? { representative: true } : {}),
        strike: (world) => whileIn(world, state, () => restartEngine(world, signal)),
      }),
    ),
  ),
  {
    fault: 'engine restarted (SIGKILL)',
    at: 'in the middle of a build',
    servers: 'own',
    async strike(world) {
      const { version: serves } = await world.begin({ Dockerfile: slowDockerfile })
      await world.untilState('building')
      await untilBuildRuns(world)
      const mendedAt = await restartEngine(world, 'SIGKILL')
      return { serves, mendedAt, withinMs: 60_000 }
    },
  },
  ...(['building', 'starting', 'verifying', 'switching', 'draining', 'baking', 'live'] as const).map(
    (state): Cell => ({
      fault: `engine hangs for ${hangMs / 1_000} s`,
      at: state === 'live' ? state : `deploy: ${state}`,
      servers: 'own',
      strike: (world) => (state === 'live' ? afterwards(world, () => hang(world)) : hangAtWork(world, state)),
    }),
  ),
  ...(['live', 'starting', 'verifying', 'baking'] as const).map(
    (state): Cell => ({
      fault: 'engine restarted (without live-restore)',
      at: state === 'live' ? state : `deploy: ${state}`,
      servers: 'own',
      strike: (world) =>
        state === 'live'
          ? afterwards(world, () => endContainersToo(world))
          : whileIn(world, state, () => endContainersToo(world)),
      // Nobody answers while every container is down.
      judge: () => [],
    }),
  ),
  ...removals(),
]

/** What a person may do to a container of ours, and which requests that costs. */
function removals(): Cell[] {
  const acts = {
    'removed (docker rm -f)': (world: World, id: string) =>
      world.machine.docker.getContainer(id).remove({ force: true }),
    'killed (docker kill)': (world: World, id: string) => world.machine.docker.getContainer(id).kill(),
    'stopped (docker stop)': (world: World, id: string) => world.machine.docker.getContainer(id).stop(),
  }
  return Object.entries(acts).map(([what, act]) => ({
    fault: `instance ${what}`,
    at: 'live: one of two',
    servers: 'own',
    ...(what.startsWith('removed') ? { representative: true } : {}),
    strike: (world) =>
      afterwards(world, async () => {
        const [instance] = await instances(world)
        return healed(world, async () => {
          await act(world, instance ?? '')
          return performance.now()
        })
      }),
    judge: onlyRequestsInFlight,
  }))
}

/** Brings a new version up to the state, and holds it there. @returns the version */
export async function hold(world: World, state: (typeof pausedIn)[number]): Promise<string> {
  await world.arm(`${state}.claimed:pause`)
  const { version } = await world.begin()
  const { id } = await world.untilState(state)
  await until(`the deployment is worked on in ${state}`, 30_000, async () => {
    const leased = 'SELECT id FROM deployments WHERE id = $1 AND lease_holder IS NOT NULL'
    return (await query(world.at, leased, [id])).length > 0
  })
  return version
}

/** Holds the new deployment in the state, breaks something meanwhile, and lets it go on. */
export async function whileIn(
  world: World,
  state: (typeof pausedIn)[number],
  act: () => Promise<number>,
): Promise<Expected> {
  const serves = await hold(world, state)
  const mendedAt = await act()
  await world.resumeController()
  return { serves, mendedAt, withinMs: 60_000 }
}

export async function afterwards(world: World, act: () => Promise<number>): Promise<Expected> {
  const serves = await world.version()
  const mendedAt = await act()
  return { serves, mendedAt, withinMs: 60_000 }
}

/** Does it, and waits until the release has been deployed again for it. @returns what `act` does */
export async function healed<T>(world: World, act: () => Promise<T>): Promise<T> {
  const before = await world.newest()
  const done = await act()
  await until('the release is deployed again', 60_000, async () => {
    const { number, trigger, state } = await world.newest()
    return number > before.number && trigger === 'heal' && state === 'live'
  })
  return done
}

async function untilBuildRuns({ at }: World): Promise<void> {
  await until('the slow step of the build has begun', 30_000, async () => {
    const { stdout } = await at.tagship('logs', app, '--build')
    return stdout.includes('the slow step has begun')
  })
}

/** @returns when it answered again */
async function restartEngine({ machine: { engine } }: World, signal: 'SIGTERM' | 'SIGKILL'): Promise<number> {
  await engine.end(signal)
  await engine.start()
  return performance.now()
}

/** Every container ends with the engine, the router's too. */
async function endContainersToo({ machine: { engine } }: World): Promise<number> {
  await engine.end('SIGTERM')
  await engine.start({ liveRestore: false })
  await engine.end('SIGTERM')
  await engine.start()
  return performance.now()
}

/** The step of the state has to do with an engine that hangs from its very beginning. */
async function hangAtWork(world: World, state: (typeof pausedIn)[number]): Promise<Expected> {
  const serves = await hold(world, state)
  const mendedAt = await hang(world, () => world.resumeController())
  return { serves, mendedAt, withinMs: 60_000 }
}

/** The API has to answer meanwhile, and to say what is wrong. */
async function hang(
  { at, machine: { engine } }: World,
  meanwhile: () => Promise<void> = async () => {},
): Promise<number> {
  process.kill(engine.pid(), 'SIGSTOP')
  try {
    await meanwhile()
    const over = performance.now() + hangMs
    await until('the controller says that the engine does not answer', 10_000, async () => {
      const answer = await fetch(`${at.url}/readyz`)
      return answer.status === 503 && (await answer.text()).includes('docker')
    })
    const { exitCode, stdout } = await at.tagship('doctor')
    if (exitCode === 0 || !/no answer within/.test(stdout)) {
      throw new Error(`the doctor does not say that the engine hangs (${exitCode}): ${stdout}`)
    }
    while (performance.now() < over) {
      const asked = performance.now()
      await at.client.listDeployments({ params: { app }, query: { limit: 1 } })
      if (performance.now() - asked > 1_000)
        throw new Error('a list took more than 1 s while the engine hung')
      await sleep(1_000)
    }
  } finally {
    process.kill(engine.pid(), 'SIGCONT')
  }
  return performance.now()
}

/** Of the release that serves. */
export async function instances({ at, machine: { docker } }: World): Promise<string[]> {
  const { live } = await at.client.getApp({ params: { app } })
  const label = [`dev.tagship=${at.id}`, `dev.tagship.deployment=${live?.deployment}`]
  return (await docker.listContainers({ all: true, filters: { label } })).map(({ Id }) => Id)
}

/** A request that was in the very instance is lost with it; nothing may be lost after that. */
export function onlyRequestsInFlight({ total }: ProberReport): string[] {
  const [first] = total.failures
  // A request that hung in the instance may end long afterwards.
  const late = total.failures.filter(
    (one) => one.startedAt.getTime() - (first?.failedAt.getTime() ?? 0) > 3_000,
  )
  return late.map(({ kind, message }) => `long after the instance had gone, ${kind}: ${message}`)
}
