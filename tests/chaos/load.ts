/**
 * `node tests/chaos/load.ts [--apps 100] [--api-p95 200] [--json FILE]`: on a machine of its own, that many apps get a tag at once,
 * while another app serves and people use the API. Prints what it measured, and ends with 1 where a promise is
 * broken.
 */
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { startProber } from '@tagship/prober'
import { type Installation, startInstallation } from '@tagship/tests/installation'
import { localBase, sampleApp } from '@tagship/tests/sample-app'
import type { ApiClientData, ApiFigures } from './load/api-client.ts'
import { type DeployedRow, type LoadFigures, renderFigures, whatIsWrong } from './load/figures.ts'
import { letThemPush } from './load/people.ts'
import { watchMachine } from './load/watch.ts'
import { onOwnMachine } from './own-machine.ts'
import { query } from './query.ts'
import { until } from './until.ts'

const { values: flags } = parseArgs({
  options: {
    apps: { type: 'string', default: '100' },
    'api-p95': { type: 'string', default: '200' },
    json: { type: 'string' },
  },
})

/** Serves while the others are deployed. */
const bystander = 'shop'
/** Gets one tag after the other, as fast as git takes them. */
const greedy = 'greedy'
/** Each supersedes the one before as long as that is still queued. */
const flood = Array.from({ length: 10 }, (_, index) => `v0.1.${index + 1}`)
const greedyPaceMs = 500
const patienceMs = 15 * 60_000

const manifest = `processes:
  web:
    port: 8080
    health: { path: /healthz, deadline: 30s }
    resources: { memory: 128m, cpu: 1 }
rollout: { bake: 1s, keepWarm: 1s }
`
/** Seen from outside, each build is a process that runs this. */
const buildStep = 'sleep 0.4'
const dockerfile = `ARG BASE
FROM \${BASE}
WORKDIR /app
ARG APP
RUN echo "\${APP}" > /etc/app && exec ${buildStep}
COPY . .
USER 1000:1000
EXPOSE 8080
CMD ["node", "server.js"]
`

process.exitCode = await onOwnMachine(async () => {
  const figures = await measure(Number(flags.apps))
  const wrong = whatIsWrong(figures, Number(flags['api-p95']))
  process.stdout.write(renderFigures(figures))
  for (const line of wrong) process.stdout.write(`✖ ${line}\n`)
  if (flags.json) {
    const document = { at: new Date().toISOString(), wrong, ...figures }
    await writeFile(flags.json, `${JSON.stringify(document, null, 2)}\n`)
  }
  return wrong.length === 0 ? 0 : 1
})

async function measure(count: number): Promise<LoadFigures> {
  progress('starting an installation')
  await using cleanup = new AsyncDisposableStack()
  const at = cleanup.use(await startInstallation())
  const repository = cleanup.use(await sampleApp(manifest))
  const apps = Array.from({ length: count }, (_, index) => `app-${`${index}`.padStart(3, '0')}`)
  const base = await localBase()
  await addApps(at, [bystander], base)
  await repository.version('0.0.1')
  await at.push(bystander, repository, 'main', 'v0.0.1')
  await repository.version('0.1.0', { Dockerfile: dockerfile })
  for (const tag of flood) await repository.tag(tag)
  await addApps(at, [...apps, greedy], base)

  const prober = probe(at)
  const machine = watchMachine(await at.pid(), buildStep)
  const api = startApiClient({ url: at.url, token: at.token, apps, writesTo: bystander })
  const begin = Date.now()
  progress(`${count} apps get a tag`)
  const from = { url: at.url, token: at.token, folder: repository.folder }
  const pushing = letThemPush([
    ...apps.map((app) => ({ ...from, app, refs: ['main', 'v0.1.0'], afterMs: 0 })),
    ...flood.map((tag, index) => ({ ...from, app: greedy, refs: [tag], afterMs: index * greedyPaceMs })),
  ])
  await allEnd(at)
  const tookMs = Date.now() - begin
  const figures = {
    api: await api.stop(),
    machine: await machine.stop(),
    traffic: (await prober.stop()).total,
  }
  if ((await pushing) !== 0) throw new Error('a push was refused')
  return { apps: count, tookMs, ...figures, deployments: await readHistory(at) }
}

async function addApps(at: Installation, names: readonly string[], base: string): Promise<void> {
  for (const name of names) {
    const [key = '', value = ''] = base.split('=')
    await at.client.addApp({ body: { name, buildArgs: { [key]: value, APP: name } } })
  }
}

function probe(at: Installation) {
  const url = `http://127.0.0.1:${at.httpPort}`
  return startProber({
    url,
    host: `${bystander}.localhost`,
    kinds: ['keepAliveGet', 'freshGet', 'smallPost'],
  })
}

function startApiClient(data: ApiClientData): { stop(): Promise<ApiFigures> } {
  const worker = new Worker(new URL('load/api-client.ts', import.meta.url), { workerData: data })
  return {
    async stop() {
      const figures = once(worker, 'message')
      worker.postMessage('stop')
      return (await figures)[0] as ApiFigures
    },
  }
}

/** The rows are asked, not the API: that is what is measured. */
async function allEnd(at: Installation): Promise<void> {
  let shown = -1
  await until('no deployment is under way', patienceMs, async () => {
    const [row] = await query<{ serving: number; open: number }>(
      at,
      `SELECT count(DISTINCT app_id) FILTER (WHERE serving_at IS NOT NULL)::int AS serving,
         count(*) FILTER (WHERE finished_at IS NULL)::int AS open FROM deployments`,
    )
    const { serving, open } = row ?? { serving: 0, open: 1 }
    if (serving !== shown && serving % 10 === 0) progress(`${serving} apps serve`)
    shown = serving
    await sleep(500)
    return open === 0 && serving > 1
  })
}

/** When each deployment that was part of it was asked for, was built, and began to serve. */
function readHistory(at: Installation): Promise<DeployedRow[]> {
  return query<DeployedRow>(
    at,
    `SELECT a.name AS app, d.state, d.failure_code AS failure,
       ms(d.created_at) AS "createdAt", ms(d.serving_at) AS "servingAt",
       ms(b.started_at) AS "buildStartedAt", ms(b.finished_at) AS "buildFinishedAt"
     FROM deployments d JOIN apps a ON a.id = d.app_id LEFT JOIN builds b ON b.release_id = d.release_id
     WHERE a.name <> $1 ORDER BY d.created_at`.replaceAll(
      /ms\(([^)]+)\)/g,
      '(extract(epoch FROM $1) * 1000)::float8',
    ),
    [bystander],
  )
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`)
}
