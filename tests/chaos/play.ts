import { setTimeout as sleep } from 'node:timers/promises'
import { type ProberReport, startProber } from '@tagship/prober'
import type { Cell, Expected, Outcome } from './cell.ts'
import { watchDeeds } from './done-once.ts'
import { inFull, until } from './until.ts'
import { whatIsWrong } from './wholeness.ts'
import { app, host, type World } from './world.ts'

/** Traffic before the fault, so that kept connections and long answers are under way when it strikes. */
const warmUpMs = 500

/** Half of what the prober does by itself: the rest of two cores is for what the fault asks of the machine. */
const concurrency = {
  keepAliveGet: 2,
  freshGet: 1,
  smallPost: 1,
  largePost: 1,
  slow: 1,
  stream: 2,
  webSocket: 2,
} as const

/** Plays one cell on a world that is whole, and says what came of it. Never throws for what the fault does. */
export async function play(cell: Cell, world: World): Promise<Outcome> {
  const begin = performance.now()
  const doneTwice = cell.once ? await watchDeeds(world) : async () => []
  const prober = startProber({
    url: `http://127.0.0.1:${world.at.httpPort}`,
    host,
    concurrency,
    slowMs: 1_000,
    streamMs: 2_000,
    webSocketMs: 3_000,
    failuresKept: 100_000,
  })
  const wrong: string[] = []
  let recoveryMs: number | null = null
  let expected: Expected | null = null
  try {
    await sleep(warmUpMs)
    expected = await cell.strike(world)
    const mendedAt = expected.mendedAt ?? performance.now()
    await outcome(world, expected)
    recoveryMs = performance.now() - mendedAt
  } catch (error) {
    wrong.push(inFull(error))
  }
  const traffic = await prober.stop()
  wrong.push(...(cell.judge ?? everyFailure)(traffic))
  if (expected) wrong.push(...(await whatIsWrong(world, { [app]: expected.serves })))
  wrong.push(...(await doneTwice().catch((error) => [inFull(error)])))
  return {
    fault: cell.fault,
    at: cell.at,
    control: cell.control ?? false,
    wrong,
    requests: traffic.total.requests,
    failed: traffic.total.failed,
    longestGapMs: traffic.total.longestGapMs,
    recoveryMs,
    tookMs: performance.now() - begin,
    playedAt: new Date().toISOString(),
  }
}

async function outcome(world: World, { serves, state = 'live', failure, withinMs = 30_000 }: Expected) {
  await until(`the newest deployment is ${state} and ${serves} answers`, withinMs, async () => {
    const newest = await world.newest()
    if (newest.state !== state) throw new Error(`it is ${newest.state} (${newest.failure?.code})`)
    return (await world.version()) === serves
  })
  const newest = await world.newest()
  if (failure && newest.failure?.code !== failure) {
    throw new Error(`it failed with ${newest.failure?.code} (${newest.failure?.message}), not ${failure}`)
  }
}

function everyFailure({ total }: ProberReport): string[] {
  const shown = total.failures.slice(0, 3).map(({ kind, message }) => `${kind}: ${message}`)
  return total.failed === 0
    ? []
    : [`${total.failed} of ${total.requests} requests failed: ${shown.join('; ')}`]
}
