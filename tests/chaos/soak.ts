/**
 * `node tests/chaos/soak.ts [--seed TEXT] [--deployments 200] [--json FILE]`: deployments and rollbacks at random
 * over five apps under traffic, while parts of the machine are killed at random. What is done follows from the
 * seed alone. Ends with 1 where a request was lost that no killed process had in its hands, where a step ended
 * otherwise than it should, where the apps are not whole in the end, or where something leaks.
 */
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type ProberReport, startProber } from '@tagship/prober'
import { startInstallation } from '@tagship/tests/installation'
import { localBase, sampleApp } from '@tagship/tests/sample-app'
import type { Machine } from './machine.ts'
import { onOwnMachine } from './own-machine.ts'
import { query } from './query.ts'
import { account } from './soak/account.ts'
import { type Census, leaks, takeCensus } from './soak/census.ts'
import { type Struck, strike, up } from './soak/faults.ts'
import { type Lane, manifest, runLane, type StepOutcome } from './soak/lane.ts'
import { tellsMemory } from './soak/memory.ts'
import { planFaults, planSteps, type Step } from './soak/plan.ts'
import type { Site } from './soak/site.ts'
import { renderSoak, type Soak } from './soak/summary.ts'
import { inFull, until } from './until.ts'
import { whatIsWrong } from './wholeness.ts'

const { values: flags } = parseArgs({
  options: {
    seed: { type: 'string', default: randomBytes(4).toString('hex') },
    deployments: { type: 'string', default: '200' },
    json: { type: 'string' },
  },
})
// The program is started a second time inside of the machine, and has to draw the same.
process.env.TAGSHIP_SOAK_SEED ??= flags.seed
const seed = process.env.TAGSHIP_SOAK_SEED

const apps = ['ash', 'birch', 'cedar', 'elm', 'fir'] as const
/** Nothing is killed while these are deployed: a leak shows in processes that live on. */
const calmSteps = 6
const calm: readonly Step[] = Array.from({ length: calmSteps }, () => ({
  action: 'deploy',
  defect: 'crash',
  delayMs: 0,
}))

process.exitCode = await onOwnMachine(async (machine) => {
  progress(`seed ${seed}`)
  const soak = await run(machine, Math.ceil(Number(flags.deployments) / apps.length))
  process.stdout.write(renderSoak(soak))
  if (flags.json) await writeFile(flags.json, `${JSON.stringify(soak, null, 2)}\n`)
  return soak.wrong.length === 0 ? 0 : 1
})

async function run(machine: Machine, stepsEach: number): Promise<Soak> {
  const begin = Date.now()
  await using cleanup = new AsyncDisposableStack()
  const at = cleanup.use(await startInstallation({ env: tellsMemory }))
  const site: Site = { at, machine }
  const [baseName = '', base = ''] = (await localBase()).split('=')
  const lanes: Lane[] = []
  for (const app of apps) {
    const repository = cleanup.use(await sampleApp(manifest))
    await at.client.addApp({ body: { name: app, buildArgs: { [baseName]: base } } })
    await repository.version('0.0.1')
    await at.push(app, repository, 'main', 'v0.0.1')
    lanes.push({ ...site, app, repository })
  }
  const probers = new Map(apps.map((app) => [app, probe(at.httpPort, app)]))

  progress(`${stepsEach} steps for each of ${apps.length} apps, with faults`)
  const outcomes: StepOutcome[] = []
  const tell = (outcome: StepOutcome) => {
    outcomes.push(outcome)
    const { app, action, state, wrong } = outcome
    progress(`${wrong ? '✖' : '✔'} ${outcomes.length} ${app}: ${action} → ${state ?? '–'} ${wrong}`)
  }
  const playing = Promise.all(
    lanes.map((lane) => runLane(lane, 0, planSteps(seed, lane.app, stepsEach), tell)),
  )
  const { struck, broken } = await breakThings(site, playing)
  await playing

  progress('the same without faults, to look for leaks')
  // A process that was just started takes what it needs to work: that is counted as there.
  const [before, after] = [await calmRound(stepsEach), await calmRound(stepsEach + calmSteps)]
  async function calmRound(stepsBefore: number): Promise<Census> {
    await Promise.all(lanes.map((lane) => runLane(lane, stepsBefore, calm, tell)))
    broken.push(...(await settled(site)))
    return takeCensus(site)
  }

  const reports = new Map<string, ProberReport>()
  for (const [app, prober] of probers) reports.set(app, await prober.stop())
  const traffic = account(reports, struck)
  const serving = await servingVersions(site)
  const [row] = await query<{ count: number }>(at, 'SELECT count(*)::int AS count FROM deployments')
  const unexpected = outcomes.filter((outcome) => outcome.wrong && !excused(outcome, struck))
  return {
    seed,
    at: new Date(begin).toISOString(),
    tookMs: Date.now() - begin,
    deployments: row?.count ?? 0,
    outcomes,
    faults: struck,
    traffic,
    census: { before, after },
    wrong: [
      ...broken,
      ...unexpected.map(({ app, action, wrong }) => `${app}: ${action}: ${wrong}`),
      ...(traffic.lost.length === 0 ? [] : [`${traffic.lost.length} requests were lost`]),
      ...leaks(before, after),
      ...(await whatIsWrong(site, serving)),
    ],
  }
}

/** A few requests of each kind side by side: five apps on one small machine. */
function probe(port: number, app: string) {
  return startProber({
    url: `http://127.0.0.1:${port}`,
    host: `${app}.localhost`,
    concurrency: {
      keepAliveGet: 1,
      freshGet: 1,
      smallPost: 1,
      largePost: 1,
      slow: 1,
      stream: 1,
      webSocket: 1,
    },
    slowMs: 500,
    streamMs: 1_000,
    webSocketMs: 1_500,
    failuresKept: 5_000,
  })
}

/** One fault after the other, for as long as there is something to disturb. */
async function breakThings(site: Site, playing: Promise<unknown>) {
  const struck: Struck[] = []
  const broken: string[] = []
  let over = false
  playing.then(
    () => {
      over = true
    },
    () => {
      over = true
    },
  )
  for (const fault of planFaults(seed, apps)) {
    await Promise.race([playing, sleep(fault.pauseMs)])
    if (over) return { struck, broken }
    progress(`  ⚡ ${fault.name} ${fault.name.endsWith('point') ? fault.point : ''}`)
    try {
      struck.push(await strike(site, fault))
    } catch (error) {
      const line = `${fault.name}: ${inFull(error)}`
      progress(`✖ ${line}`)
      broken.push(line)
      await up(site.at)
    }
  }
  return { struck, broken }
}

/** An instance that is killed while its release is on trial ends the trial: as it should. */
function excused({ app, startedAt, endedAt, failure }: StepOutcome, struck: readonly Struck[]): boolean {
  // Who is killed looks as if memory had run out.
  const codes = ['bake.unhealthy', 'instance.exited', 'instance.outOfMemory']
  const hit = struck.some(({ costs, at }) => costs === app && at >= startedAt && at <= endedAt)
  return hit && failure !== null && codes.includes(failure)
}

/** Until nothing is under way any more, and nothing is kept warm. */
async function settled({ at }: Site): Promise<string[]> {
  try {
    await until('all is quiet', 90_000, async () => {
      const open = await query<{ what: string }>(
        at,
        `SELECT a.name || ' ' || d.number || ' is ' || d.state AS what
         FROM deployments d JOIN apps a ON a.id = d.app_id
         WHERE (d.finished_at IS NULL AND d.state <> 'live') OR d.warm_until IS NOT NULL`,
      )
      if (open.length > 0) throw new Error(open.map(({ what }) => what).join(', '))
      return true
    })
    await sleep(3_000)
    return []
  } catch (error) {
    return [inFull(error)]
  }
}

async function servingVersions({ at }: Site): Promise<Record<string, string>> {
  const found = apps.map(async (app) => {
    const { live } = await at.client.getApp({ params: { app } })
    return [app, live?.tag?.slice(1) ?? 'nothing'] as const
  })
  return Object.fromEntries(await Promise.all(found))
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`)
}
