/** A client that goes on writing through the API whatever happens, and remembers what was acknowledged. */
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '@tagship/api'
import { query } from './query.ts'
import { app, type World } from './world.ts'

/** Disposed of, it gives up what is not acknowledged yet. */
export interface Writer extends Disposable {
  /** Each write that was begun is tried until it is acknowledged; then nothing more is begun. */
  stop(): Promise<void>
  /** Every acknowledged write has to be there, once. @returns what is wrong */
  verify(): Promise<string[]>
}

const deployEveryMs = 2_000
const holdEveryMs = 300
const againMs = 300
const requestMs = 20_000
/** A write that is not acknowledged so long after the end of the fault never will be. */
const patienceMs = 90_000

let writers = 0

export function startWriter(world: World, tag: string): Writer {
  writers += 1
  const name = `writer ${writers}`
  const client = createClient({ url: world.at.url, token: world.at.token })
  const deployed = new Map<string, string>()
  const held: string[] = []
  let deadline = Number.POSITIVE_INFINITY
  let number = 0

  /** One key for one write, however often it is sent. */
  async function acknowledged<T>(
    send: (options: { idempotencyKey: string; signal: AbortSignal }) => Promise<T>,
  ) {
    const idempotencyKey = crypto.randomUUID()
    for (;;) {
      try {
        return await send({ idempotencyKey, signal: AbortSignal.timeout(requestMs) })
      } catch (error) {
        if (performance.now() > deadline) throw new Error('a write was never acknowledged', { cause: error })
      }
      await sleep(againMs)
    }
  }

  const params = { app }
  const stopped = () => deadline < Number.POSITIVE_INFINITY
  async function deploy(): Promise<void> {
    number += 1
    const reason = `${name}, deployment ${number}`
    const { id } = await acknowledged((options) =>
      client.deploy({ params, body: { tag, reason }, ...options }),
    )
    deployed.set(id, reason)
  }
  async function hold(): Promise<void> {
    number += 1
    const reason = `${name}, hold ${number}`
    await acknowledged((options) => client.hold({ params, body: { reason }, ...options }))
    held.push(reason)
    await acknowledged((options) => client.resume({ params, ...options }))
  }
  const lane = async (write: () => Promise<void>, everyMs: number) => {
    while (!stopped()) {
      await write()
      await sleep(everyMs)
    }
  }
  const lanes = Promise.all([lane(deploy, deployEveryMs), lane(hold, holdEveryMs)])
  lanes.catch(() => {})

  return {
    [Symbol.dispose]() {
      deadline = 0
    },
    async stop() {
      deadline = performance.now() + patienceMs
      await lanes
    },
    async verify() {
      if (deployed.size === 0 || held.length === 0) return ['nothing was written']
      const deployments = await query<{ id: string; reason: string }>(
        world.at,
        'SELECT id, reason FROM deployments WHERE starts_with(reason, $1)',
        [`${name},`],
      )
      const holds = await query<{ reason: string; n: number }>(
        world.at,
        `SELECT reason, count(*)::int AS n FROM events WHERE type = 'holdSet' AND starts_with(reason, $1) GROUP BY reason`,
        [`${name},`],
      )
      const found = new Map(deployments.map(({ id, reason }) => [id, reason]))
      const times = new Map(holds.map(({ reason, n }) => [reason, n]))
      return [
        ...[...deployed].filter(([id]) => !found.has(id)).map(([, reason]) => `${reason} is lost`),
        ...[...found].filter(([id]) => !deployed.has(id)).map(([, reason]) => `${reason} was made twice`),
        ...held
          .filter((reason) => times.get(reason) !== 1)
          .map((reason) => `${reason}: ${times.get(reason) ?? 0} events`),
      ]
    },
  }
}
