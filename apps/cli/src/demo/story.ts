import { readFile } from 'node:fs/promises'
import type { DeploymentJson } from '@tagship/api'
import { type Prober, type ProberReport, startProber } from '@tagship/prober'
import { CliError } from '../errors.ts'
import { reached, waitFor } from '../wait.ts'
import { brokenServer, createSample, type Sample } from './sample.ts'
import type { Stage } from './stage.ts'

/** What was told, scene by scene, and what was measured. */
export interface Told {
  readonly deployments: readonly DeploymentJson[]
  readonly traffic: ProberReport
  /** Milliseconds from the call to the moment the old release served again. */
  readonly rollbackMs: number
  /** Requests started after each acknowledged switch that the old version still answered. */
  readonly answersByOld: number
}

export interface Teller {
  scene(title: string): void
  line(text: string): void
  result(ok: boolean, text: string): void
}

const app = 'demo'
const host = 'demo.localhost'
const patienceMs = 60_000

/** The story of Tagship: a first release, an update, a bad one, and the way back; all under traffic. */
export async function tellStory(stage: Stage, teller: Teller): Promise<Told> {
  const sample = await openApp(stage)
  await firstRelease(stage, sample, teller)
  const prober = startProber({
    url: `http://127.0.0.1:${stage.httpPort}`,
    host,
    slowMs: 1_000,
    streamMs: 3_000,
    webSocketMs: 4_000,
  })
  try {
    await update(stage, sample, teller)
    tellTraffic(prober, teller)
    await badRelease(stage, sample, teller)
    tellTraffic(prober, teller)
    const rollbackMs = await wayBack(stage, teller)
    // A little traffic on what came back, so that the figures show it.
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    return await takeStock(stage, prober, rollbackMs)
  } finally {
    await prober.stop()
  }
}

/** The base image that `tagship prepare` leaves on the machine. */
const baseVersion = new URL('../../../../deploy/images/base/VERSION', import.meta.url)

async function openApp({ client, folder, token }: Stage): Promise<Sample> {
  const buildArgs = { BASE: `tagship/base:${(await readFile(baseVersion, 'utf8')).trim()}` }
  const { pushUrl } = await client.addApp({ body: { name: app, hosts: [host], buildArgs } })
  return createSample(`${folder}/shop`, { url: pushUrl ?? '', token })
}

async function firstRelease(stage: Stage, sample: Sample, teller: Teller): Promise<void> {
  teller.scene('git push of tag v1.0.0: the first release')
  await sample.tag('1.0.0')
  await push(stage, sample, '1.0.0', teller, true)
}

async function update(stage: Stage, sample: Sample, teller: Teller): Promise<void> {
  teller.scene('v1.1.0, under traffic: GETs, POSTs, slow answers, streams, WebSockets')
  await sample.tag('1.1.0')
  await push(stage, sample, '1.1.0', teller, true)
}

async function badRelease(stage: Stage, sample: Sample, teller: Teller): Promise<void> {
  teller.scene('v1.2.0, which is broken')
  await sample.tag('1.2.0', { 'server.js': brokenServer })
  await push(stage, sample, '1.2.0', teller, false)
}

async function push(
  { client }: Stage,
  sample: Sample,
  version: string,
  teller: Teller,
  good: boolean,
): Promise<void> {
  await sample.push(version, (line) => {
    const said = /^remote: (.*?)\s*$/.exec(line)?.[1]
    if (said) teller.line(said)
  })
  const latest = (await client.listDeployments({ params: { app }, query: { limit: 1 } })).items[0]
  const deployment =
    latest && (await waitFor(client, latest, 'serving', AbortSignal.timeout(patienceMs), silent))
  const served = deployment !== undefined && reached(deployment, 'serving')
  if (served !== good) {
    throw new CliError({
      code: 'internal',
      detail: `v${version} was expected to ${good ? 'serve' : 'be refused'}, and is ${deployment?.state ?? 'not there'}: ${deployment?.failure?.message ?? ''}`,
      mend: 'tagship doctor checks the machine; with --keep the demo stays as it is, to look at.',
      exitCode: 1,
    })
  }
  teller.result(good, good ? `v${version} serves` : `v${version} was refused; what was live serves on`)
}

const silent = { update() {}, end() {} }

async function wayBack({ client }: Stage, teller: Teller): Promise<number> {
  teller.scene('tagship rollback')
  const begin = performance.now()
  const { deployment, plan } = await client.rollBack({
    params: { app },
    body: { reason: 'the demo wants to show it', dryRun: false },
  })
  if (!deployment) throw new Error('the rollback made no deployment')
  await waitFor(
    client,
    deployment,
    plan.kind === 'revert' ? 'reverted' : 'serving',
    AbortSignal.timeout(patienceMs),
    silent,
  )
  const tookMs = performance.now() - begin
  teller.result(
    true,
    `${plan.to.tag ?? plan.to.name} serves again after ${Math.round(tookMs)} ms; auto-deploy is on hold`,
  )
  return tookMs
}

function tellTraffic(prober: Prober, teller: Teller): void {
  const { requests, failed } = prober.report().total
  teller.result(failed === 0, `traffic so far: ${requests.toLocaleString('en')} requests, ${failed} failed`)
}

async function takeStock({ client }: Stage, prober: Prober, rollbackMs: number): Promise<Told> {
  const traffic = await prober.stop()
  const { items } = await client.listDeployments({ params: { app }, query: { limit: 20 } })
  const deployments = items.toReversed()
  const [, second, , back] = deployments
  const answersByOld =
    (second?.servingAt ? traffic.answersBy('1.0.0', { startedAfter: new Date(second.servingAt) }) : 0) -
    (back?.servingAt ? traffic.answersBy('1.0.0', { startedAfter: new Date(back.createdAt) }) : 0) +
    (back?.servingAt ? traffic.answersBy('1.1.0', { startedAfter: new Date(back.servingAt) }) : 0)
  return { deployments, traffic, rollbackMs, answersByOld }
}
