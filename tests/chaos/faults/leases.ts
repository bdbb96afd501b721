/** Several controllers: they share the work, and one that stood still for longer than its lease changes nothing. */
import { readFile } from 'node:fs/promises'
import { localBase, quickManifest, sampleApp } from '@tagship/tests/sample-app'
import type { Cell, Expected } from '../cell.ts'
import { query } from '../query.ts'
import {
  endSecond,
  holders,
  type SecondController,
  startSecond,
  startSecondAlone,
} from '../second-controller.ts'
import { differences, takeSnapshot } from '../snapshot.ts'
import { until } from '../until.ts'
import { whatIsWrong } from '../wholeness.ts'
import { app, type World } from '../world.ts'

/** For so long nothing may change after a controller has come back to life. */
const watchedMs = 4_000
/** Within so long the work of a controller that was told to end is somebody else's. */
const handOverMs = 5_000
/** One that is killed says nothing: the others look every three seconds. */
const burialMs = 8_000

interface Trouble {
  /** What the second controller deploys; default: a version that works. */
  readonly files?: (() => Promise<Readonly<Record<string, string>>>) | undefined
  /** Done after the push, before the point is reached. */
  readonly then?: (world: World, second: SecondController) => Promise<void>
  readonly ends?: Omit<Expected, 'serves'>
  readonly keeps?: boolean
}

const working: Trouble = {}
const broken: Trouble = {
  files: async () => ({ 'server.js': 'process.exit(3)\n' }),
  ends: { state: 'failed' },
  keeps: true,
}

/** Points where the controller stands still: before and after each act that the world outside could notice. */
const standing: readonly (readonly [string, Trouble])[] = [
  ['build.claimed', working],
  ['build.built', working],
  ['starting.claimed', working],
  ['starting.instanceStarted', working],
  ['switching.beforeSwitch', working],
  ['switching.afterSwitch', working],
  ['switching.acted', working],
  ['baking.acted', working],
  ['failing.claimed', broken],
  ['failing.instanceGone', broken],
]

const stopped: readonly Cell[] = standing.map(([point, trouble]) => ({
  fault: 'controller stopped past its lease',
  at: point,
  servers: 'given',
  once: true,
  async strike(world: World) {
    const before = await world.version()
    const second = await startSecondAlone(world, `${point}:stop`)
    try {
      const { version, pushed } = await world.begin(await trouble.files?.(), second.port)
      await second.stands()
      await world.at.up()
      const from = performance.now()
      const { state = 'live' } = trouble.ends ?? {}
      await world.untilState(state)
      const recovered = performance.now() - from
      const answers = await world.version()
      const wrong = await whatIsWrong(world, { [app]: answers })
      if (wrong.length > 0) throw new Error(`before it goes on: ${wrong.join('; ')}`)

      const snapshot = await takeSnapshot(world)
      second.signal('SIGCONT')
      await expectUnchanged(world, snapshot)
      await pushed
      return {
        ...trouble.ends,
        serves: trouble.keeps ? before : version,
        mendedAt: performance.now() - recovered,
      }
    } finally {
      await endSecond(second)
      if (trouble.files) await putRight(world)
    }
  },
}))

/** Not a wait: each look has to find the world as it was. */
async function expectUnchanged(world: World, snapshot: readonly string[]): Promise<void> {
  const end = performance.now() + watchedMs
  while (performance.now() < end) {
    const changed = differences(snapshot, await takeSnapshot(world))
    if (changed.length > 0)
      throw new Error(`it changed what it should not: ${changed.slice(0, 6).join('; ')}`)
  }
}

const ending: readonly (readonly [string, Trouble])[] = [
  ['building.claimed', working],
  ['build.claimed', working],
  ['releasing.claimed', working],
  ['starting.claimed', working],
  ['starting.instanceStarted', working],
  ['verifying.claimed', working],
  ['switching.beforeSwitch', working],
  ['switching.afterSwitch', working],
  ['draining.claimed', working],
  ['baking.claimed', working],
  ['failing.claimed', broken],
]

/** The work at the point waits and does not end by itself: the worst that a farewell can meet. */
function leaving(fault: string, signal: 'SIGTERM' | 'SIGKILL', withinMs: number): Cell[] {
  return ending.map(([point, trouble]) => ({
    fault,
    at: point,
    servers: 'given',
    once: true,
    async strike(world: World) {
      const before = await world.version()
      const second = await startSecondAlone(world, `${point}:pause`)
      try {
        const { version, pushed } = await world.begin(await trouble.files?.(), second.port)
        await untilAt(world, point)
        await world.at.up()
        const [held] = await holders(world)
        if (!held) throw new Error('nobody holds a lease')
        const from = performance.now()
        second.signal(signal)
        await until('its work is taken over', withinMs, async () => !(await worksFor(world, held)))
        if (signal === 'SIGTERM') await until('it has ended', handOverMs, () => !second.isThere())
        const tookMs = performance.now() - from
        if (tookMs > withinMs) throw new Error(`the hand-over took ${Math.round(tookMs)} ms`)
        await pushed
        return { ...trouble.ends, serves: trouble.keeps ? before : version, mendedAt: from }
      } finally {
        await endSecond(second)
        if (trouble.files) await putRight(world)
      }
    },
  }))
}

/** Until the deployment is in the state of the point, under a lease. */
async function untilAt(world: World, point: string): Promise<void> {
  const [what = ''] = point.split('.')
  const text =
    what === 'build'
      ? `SELECT 1 FROM builds WHERE state = 'running' AND lease_holder IS NOT NULL`
      : `SELECT 1 FROM deployments WHERE state = '${what}' AND lease_holder IS NOT NULL`
  await until(`the work is at ${point}`, 60_000, async () => (await query(world.at, text)).length > 0)
}

/** Whether the deployment still waits for this worker: it holds a lease, and nobody else has any. */
async function worksFor(world: World, worker: string): Promise<boolean> {
  const newest = await query<{ state: string; finished: boolean }>(
    world.at,
    `SELECT d.state, d.finished_at IS NOT NULL OR d.state = 'live' AS finished FROM deployments d
     JOIN apps a ON a.id = d.app_id WHERE a.name = $1 ORDER BY d.number DESC LIMIT 1`,
    [app],
  )
  if (newest[0]?.finished) return false
  const others = (await holders(world)).filter((holder) => holder !== worker)
  return others.length === 0
}

async function putRight(world: World): Promise<void> {
  const server = await readFile(new URL('../../../examples/node-web/server.js', import.meta.url), 'utf8')
  await world.repository.commit({ 'server.js': server }, 'Put it right')
}

const sharing: readonly Cell[] = [2, 3].map((count) => ({
  fault: 'several controllers',
  at: `${count} at once share the work`,
  servers: 'given',
  ...(count === 2 ? { representative: true } : {}),
  once: true,
  async strike(world: World) {
    const { at } = world
    const names = ['one', 'two', 'three', 'four']
    const others: SecondController[] = []
    await using shop = await sampleApp(quickManifest.replace('replicas: 2', 'replicas: 1'))
    await shop.version('1.0.0')
    try {
      await world.arm()
      for (let more = 1; more < count; more += 1) others.push(await startSecond(world))
      const base = await localBase()
      for (const name of names) await at.json(['app', 'add', name, '--build-arg', base])

      const seen = new Set<string>()
      const ports = [undefined, ...others.map(({ port }) => port)]
      const pushes = names.map((name, index) => {
        const port = ports[index % ports.length]
        return port === undefined
          ? at.push(name, shop, 'main', 'v1.0.0')
          : at.pushThrough(port, name, shop, 'main', 'v1.0.0')
      })
      const own = await world.begin({}, others[0]?.port)
      await until('all of them are live', 120_000, async () => {
        for (const holder of await holders(world)) seen.add(holder)
        const rows = await query(
          at,
          `SELECT 1 FROM deployments d JOIN apps a ON a.id = d.app_id
          WHERE d.state = 'live' AND d.finished_at IS NOT NULL AND a.name = ANY($1)`,
          [names],
        )
        return rows.length === names.length
      })
      await Promise.all(pushes)
      await own.pushed
      if (seen.size !== count) throw new Error(`${seen.size} of ${count} controllers did some of the work`)
      for (const name of names) await at.json(['app', 'remove', name, '--yes'])
      await until('the apps are gone', 60_000, async () => {
        const rows = await query(at, 'SELECT 1 FROM apps WHERE removed_at IS NOT NULL AND gone_at IS NULL')
        return rows.length === 0
      })
      return { serves: own.version }
    } finally {
      for (const other of others) await endSecond(other)
    }
  },
}))

export const leaseFaults: readonly Cell[] = [
  ...sharing,
  ...stopped,
  ...leaving('controller told to end, another there', 'SIGTERM', handOverMs),
  ...leaving('controller killed, another there', 'SIGKILL', burialMs),
]
