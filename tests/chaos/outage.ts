/** What has to hold while a server is away: the control plane answers, says what is missing, and does not rave. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ApiError, createClient } from '@tagship/api'
import { until } from './until.ts'
import { app, type World } from './world.ts'

/** No request to the API may take longer, on a machine that is busy with other tests. */
const apiMs = 15_000
const readyMs = 4_000
/** Warnings beyond so many, and so many a second, fill the disk of a machine that is in trouble already. */
const warnings = { atOnce: 25, aSecond: 2 }
/** Share of one core that a controller without work may take. */
const busy = 0.6
const lookMs = 500
/** What is told once a request. */
const aRequest = ['request failed', 'the audit entry could not be written']

/**
 * @param part what `/readyz` has to name; null where it may be back before anybody asks
 * @param api `answers`: reads go well; `says`: they fail with the code of the catalogue, and soon
 */
export async function throughOutage(
  world: World,
  part: 'postgres' | 'queue' | null,
  api: 'answers' | 'says',
  ms: number,
): Promise<void> {
  const before = await measure(world)
  const until = performance.now() + ms
  let told = false
  for (;;) {
    const [, missing] = await Promise.all([readApi(world, api), missingParts(world), checkHealth(world)])
    told ||= part === null || missing.includes(part)
    if (performance.now() >= until) break
    await sleep(Math.min(lookMs, ms))
  }
  if (!told) throw new Error(`/readyz never said that ${part} is missing`)
  await compare(before, await measure(world))
}

async function readApi(world: World, api: 'answers' | 'says'): Promise<void> {
  const client = createClient({ url: world.at.url, token: world.at.token })
  const signal = AbortSignal.timeout(apiMs)
  try {
    await client.listDeployments({ params: { app }, query: { limit: 5 }, signal })
  } catch (error) {
    if (signal.aborted) throw new Error(`a read of the API hung for ${apiMs} ms`)
    const said = error instanceof ApiError && error.code === 'database.unavailable' && error.status === 503
    if (api === 'answers' || !said) throw new Error('a read of the API failed', { cause: error })
  }
}

async function missingParts({ at }: World): Promise<string[]> {
  const begin = performance.now()
  const { checks } = await createClient({ url: at.url, token: null }).readiness()
  const took = performance.now() - begin
  if (took > readyMs) throw new Error(`/readyz took ${Math.round(took)} ms`)
  return checks.filter(({ ok }) => !ok).map(({ name }) => name)
}

async function checkHealth({ at }: World): Promise<void> {
  const { status } = await fetch(`${at.url}/healthz`)
  if (status !== 200) throw new Error(`/healthz answered ${status}`)
}

interface Measure {
  readonly at: number
  readonly cpuMs: number
  readonly warnings: readonly string[]
}

async function measure({ at }: World): Promise<Measure> {
  const stat = await readFile(`/proc/${await at.pid()}/stat`, 'utf8')
  // proc(5): fields 14 and 15 are the time in user and in kernel mode, in hundredths of a second.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const cpuMs = (Number(fields[11]) + Number(fields[12])) * 10
  const log = await readFile(join(at.data, 'controller.log'), 'utf8')
  const lines = log.split('\n').filter((line) => /"level":[456]0/.test(line))
  // One line a request is the caller's measure, not ours.
  const own = lines.filter((line) => !aRequest.some((message) => line.includes(`"msg":"${message}"`)))
  return { at: performance.now(), cpuMs, warnings: own }
}

function compare(before: Measure, after: Measure): void {
  const seconds = (after.at - before.at) / 1_000
  const told = after.warnings.slice(before.warnings.length)
  if (told.length > warnings.atOnce + warnings.aSecond * seconds) {
    const messages = told.map((line) => /"msg":"([^"]*)"/.exec(line)?.[1] ?? line)
    const counted = Object.entries(Object.groupBy(messages, (message) => message))
    const shown = counted.map(([message, all]) => `${all?.length} × ${message}`)
    throw new Error(`${told.length} warnings in ${seconds.toFixed(0)} s: ${shown.join('; ')}`)
  }
  const share = (after.cpuMs - before.cpuMs) / (after.at - before.at)
  if (seconds > 3 && share > busy) {
    throw new Error(`the controller took ${Math.round(share * 100)} % of a core while it could do nothing`)
  }
}

/** Where the last deployments stand, as one word to compare. */
export async function whereItStands({ at }: World): Promise<string> {
  const { items } = await at.client.listDeployments({ params: { app }, query: { limit: 2 } })
  return items.map(({ number, state }) => `${number} ${state}`).join(', ')
}

/** Work goes on within ten seconds of the server's return. */
const goesOnMs = 10_000

export async function untilItGoesOn(world: World, stood: string): Promise<void> {
  await until(`work goes on where it stood (${stood})`, goesOnMs, async () => {
    const stands = await whereItStands(world)
    return stands !== stood || (await world.newest()).state === 'live'
  })
}
