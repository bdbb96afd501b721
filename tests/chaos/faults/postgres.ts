/** Postgres fails, in every state of a deployment, while a client goes on writing. */
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Cell, Expected } from '../cell.ts'
import type { GivenServers } from '../given-servers.ts'
import { holdState, type PassedState, passedStates } from '../hold-state.ts'
import { throughOutage, whereItStands } from '../outage.ts'
import { until } from '../until.ts'
import type { World } from '../world.ts'
import { startWriter } from '../writer.ts'

type Postgres = GivenServers['postgres']

interface Fault {
  readonly name: string
  /** @returns what ends it */
  strike(postgres: Postgres): Promise<() => Promise<void>>
  readonly outageMs: (state: PassedState) => number
  /** Whether `/readyz` has to have said so: not where the server is back within the second. */
  readonly seen: boolean
}

const briefly = () => 4_000
/** Longer than a lease. The minute, in the states where the engine works hardest. */
const long = (state: PassedState) => (state === 'building' || state === 'switching' ? 60_000 : 20_000)
const over = async () => {}

const faults: readonly Fault[] = [
  { name: 'Postgres killed', strike: signal('SIGKILL'), outageMs: briefly, seen: false },
  { name: 'Postgres restarted', strike: signal('SIGINT'), outageMs: briefly, seen: false },
  { name: 'Postgres unreachable (refused)', strike: closed('refuse'), outageMs: long, seen: true },
  { name: 'Postgres unreachable (silent)', strike: closed('hang'), outageMs: long, seen: true },
  { name: 'Connections to Postgres cut', strike: cutAgainAndAgain, outageMs: briefly, seen: false },
  { name: 'Sessions of Postgres ended', strike: endSessions, outageMs: briefly, seen: false },
  { name: 'Disk of Postgres full', strike: fillDisk, outageMs: briefly, seen: false },
  { name: 'Postgres full of clients', strike: takeConnections, outageMs: briefly, seen: false },
]

const representative = ['Connections to Postgres cut · verifying']

export const postgresFaults: readonly Cell[] = faults.flatMap((fault) =>
  passedStates.map((state) => ({
    fault: fault.name,
    at: `deploy: ${state}`,
    servers: 'given' as const,
    ...(representative.includes(`${fault.name} · ${state}`) ? { representative: true as const } : {}),
    strike: (world: World) => play(world, fault, state),
  })),
)

async function play(world: World, fault: Fault, state: PassedState): Promise<Expected> {
  const postgres = world.given?.postgres
  if (!postgres) throw new Error('the world has no Postgres of its own')
  const before = await world.version()
  const held = await holdState(world, state)
  // What waits for a person would have every further deployment of its tag wait as well.
  const serves = state === 'awaitingPromotion' ? before : held.serves
  using writer = startWriter(world, `v${serves}`)
  const end = await fault.strike(postgres)
  try {
    await held.goOn()
    await throughOutage(world, fault.seen ? 'postgres' : null, 'says', fault.outageMs(state))
  } finally {
    await end()
  }
  const mendedAt = performance.now()
  await until('the API answers', 30_000, async () => (await whereItStands(world)) !== '')
  await held.promote()
  await writer.stop()
  const lost = await writer.verify()
  if (lost.length > 0) throw new Error(lost.join('; '))
  return { serves, mendedAt, withinMs: 60_000 }
}

type Strike = Fault['strike']

function signal(name: NodeJS.Signals): Strike {
  return async ({ pid }) => {
    process.kill(pid, name)
    return over
  }
}

function closed(how: 'refuse' | 'hang'): Strike {
  return async ({ gateway }) => {
    gateway.close(how)
    return async () => gateway.open()
  }
}

const againMs = 150

async function cutAgainAndAgain({ gateway }: Postgres) {
  const timer = setInterval(gateway.cutConnections, againMs)
  return async () => clearInterval(timer)
}

const otherSessions = `
  SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE backend_type = 'client backend' AND application_name <> 'the fault'`

async function endSessions({ url }: Postgres) {
  const client = await connect(url)
  return repeatedly(
    async () => void (await client.query(otherSessions)),
    () => client.end(),
  )
}

/** Every place for a client is taken, and each that the controller had is taken from it. */
async function takeConnections({ url }: Postgres) {
  const taken: pg.Client[] = []
  const first = await connect(url)
  const takeAll = async () => {
    for (;;) taken.push(await connect(url))
  }
  return repeatedly(
    async () => {
      await takeAll().catch(() => {})
      await first.query(otherSessions)
    },
    async () => void (await Promise.all([first, ...taken].map((client) => client.end()))),
  )
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'the fault' })
  client.on('error', () => {})
  await client.connect()
  return client
}

function repeatedly(act: () => Promise<void>, end: () => Promise<void>): () => Promise<void> {
  const stopping = new AbortController()
  const running = (async () => {
    while (!stopping.signal.aborted) {
      await act()
      await sleep(againMs, undefined, { signal: stopping.signal }).catch(() => {})
    }
  })()
  running.catch(() => {})
  return async () => {
    stopping.abort()
    await running.finally(end)
  }
}

/** Not a byte is left; what the server frees meanwhile it may have. */
async function fillDisk({ folder }: Postgres) {
  const path = join(folder, 'filler')
  const file = await open(path, 'w')
  for (const size of [1024 * 1024, 4096]) {
    const block = Buffer.alloc(size, 1)
    for (let full = false; !full; ) {
      full = await file.write(block).then(
        ({ bytesWritten }) => bytesWritten < size,
        (error: NodeJS.ErrnoException) => {
          if (error.code !== 'ENOSPC') throw error
          return true
        },
      )
    }
  }
  await file.close()
  return () => rm(path)
}
