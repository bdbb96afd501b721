/** Redis fails, in every state of a deployment. It is transport: nothing but time may be lost. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from '@tagship/kit'
import type { Cell, Expected } from '../cell.ts'
import type { GivenServers } from '../given-servers.ts'
import { holdState, type PassedState, passedStates } from '../hold-state.ts'
import { throughOutage, untilItGoesOn, whereItStands } from '../outage.ts'
import type { World } from '../world.ts'

type Redis = GivenServers['redis']

interface Fault {
  readonly name: string
  strike(redis: Redis): Promise<void>
  mend(redis: Redis): Promise<void>
  /** How long it lasts. 0: over at once, and nobody need have seen it. */
  readonly outageMs: (state: PassedState) => number
}

/** The minute, in the states where the engine works hardest; a few seconds in the others. */
const aMinute = (state: PassedState) => (state === 'building' || state === 'switching' ? 60_000 : 4_000)
const briefly = () => 4_000

const faults: readonly Fault[] = [
  {
    name: 'Redis emptied',
    strike: (redis) => ask(redis, 'FLUSHALL'),
    mend: async () => {},
    outageMs: () => 0,
  },
  {
    name: 'Redis killed',
    strike: (redis) => redis.kill(),
    mend: (redis) => redis.start(),
    outageMs: briefly,
  },
  { name: 'Redis restarted empty', strike: killAndEmpty, mend: (redis) => redis.start(), outageMs: () => 0 },
  {
    name: 'Redis unreachable (refused)',
    strike: async ({ gateway }) => gateway.close('refuse'),
    mend: async ({ gateway }) => gateway.open(),
    outageMs: aMinute,
  },
  {
    name: 'Redis unreachable (silent)',
    strike: async ({ gateway }) => gateway.close('hang'),
    mend: async ({ gateway }) => gateway.open(),
    outageMs: aMinute,
  },
  {
    name: 'Redis read-only (replica)',
    // Port 1 has no server: what it holds stays.
    strike: (redis) => ask(redis, 'REPLICAOF', '127.0.0.1', '1'),
    mend: (redis) => ask(redis, 'REPLICAOF', 'NO', 'ONE'),
    outageMs: briefly,
  },
  {
    name: 'Redis read-only (replicas gone)',
    strike: (redis) => ask(redis, 'CONFIG', 'SET', 'min-replicas-to-write', '1'),
    mend: (redis) => ask(redis, 'CONFIG', 'SET', 'min-replicas-to-write', '0'),
    outageMs: briefly,
  },
  {
    name: 'Redis out of memory',
    strike: (redis) => ask(redis, 'CONFIG', 'SET', 'maxmemory', '1'),
    mend: (redis) => ask(redis, 'CONFIG', 'SET', 'maxmemory', '0'),
    outageMs: briefly,
  },
]

const representative = ['Redis emptied · switching', 'Redis out of memory · starting']

export const redisFaults: readonly Cell[] = faults.flatMap((fault) =>
  passedStates.map((state) => ({
    fault: fault.name,
    at: `deploy: ${state}`,
    servers: 'given' as const,
    ...(representative.includes(`${fault.name} · ${state}`) ? { representative: true as const } : {}),
    strike: (world: World) => play(world, fault, state),
  })),
)

async function play(world: World, fault: Fault, state: PassedState): Promise<Expected> {
  const redis = world.given?.redis
  if (!redis) throw new Error('the world has no Redis of its own')
  const held = await holdState(world, state)
  const outageMs = fault.outageMs(state)
  let stood = ''
  try {
    await fault.strike(redis)
    await held.goOn()
    if (outageMs > 0) await throughOutage(world, 'queue', 'answers', outageMs)
    stood = await whereItStands(world)
  } finally {
    await fault.mend(redis)
  }
  const mendedAt = performance.now()
  await held.promote()
  await untilItGoesOn(world, stood)
  return { serves: held.serves, mendedAt }
}

async function killAndEmpty(redis: Redis): Promise<void> {
  await redis.kill()
  await rm(join(redis.folder, 'appendonlydir'), { recursive: true, force: true })
}

async function ask({ socketPath }: Redis, ...command: string[]): Promise<void> {
  const { exitCode, stdout, stderr } = await runCommand('redis-cli', ['-e', '-s', socketPath, ...command])
  if (exitCode !== 0) throw new Error(`redis-cli ${command.join(' ')}: ${stdout}${stderr}`)
}
