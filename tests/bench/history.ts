/**
 * `node tests/bench/history.ts [--apps 200] [--deployments 1000000] [--json FILE] [--strict]`: fills a database of
 * its own with a long history, and measures the API on it, as its clients see it, and the dashboard in a browser.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Client, createClient } from '@tagship/api'
import { startPostgres } from '@tagship/embedded'
import { createLogger } from '@tagship/kit'
import { migrate, newSecretKey, openStore, parseSecretKey } from '@tagship/store'
import { buildServer } from '../../apps/controller/src/http/server.ts'
import { playInsight } from '../../apps/controller/test/played-insight.ts'
import { measureDashboard } from './dashboard.ts'
import { fillHistory } from './fill-history.ts'
import { describeMachine, renderSection, toJson } from './report.ts'
import { holds, type SectionResult, type Series, type Target } from './section.ts'

const { values: flags } = parseArgs({
  options: {
    apps: { type: 'string', default: '200' },
    deployments: { type: 'string', default: '1000000' },
    json: { type: 'string' },
    strict: { type: 'boolean', default: false },
  },
})
const titles = { history: 'The API on a long history', dashboard: 'The dashboard on a long history' } as const
const rounds = 200
/** Of every list. */
const limitMs = 50
/** Of the figures, which read a month of it all. */
const figuresLimitMs = 5_000

const log = createLogger('bench', 'error')
const folder = await mkdtemp(join(tmpdir(), 'tagship-history-'))
const postgres = await startPostgres({ folder, log })
try {
  const { history, dashboard } = await measure(postgres.url)
  process.stdout.write(renderSection(titles.history, history) + renderSection(titles.dashboard, dashboard))
  const report = {
    at: new Date().toISOString(),
    machine: describeMachine(),
    sections: {
      history: { title: titles.history, ...history },
      dashboard: { title: titles.dashboard, ...dashboard },
    },
  }
  if (flags.json) await writeFile(flags.json, toJson(report))
  if (flags.strict && ![...history.targets, ...dashboard.targets].every(holds)) process.exitCode = 1
} finally {
  await postgres.stop()
  await rm(folder, { recursive: true, force: true })
}

async function measure(url: string): Promise<Record<keyof typeof titles, SectionResult>> {
  await migrate(url)
  const began = performance.now()
  await fillHistory(url, { apps: Number(flags.apps), deployments: Number(flags.deployments) })
  process.stderr.write(`history: filled in ${Math.round((performance.now() - began) / 1_000)} s\n`)
  const store = await openStore({ url, log, secretKey: parseSecretKey(newSecretKey(), 'the bench') })
  const insight = playInsight(store, log, {})
  const notHere = () => Promise.reject(new Error('nothing is changed in this bench'))
  const server = await buildServer({
    ...{ store, insight, log, version: '0.0.0', publicUrl: 'http://tagship.test' },
    commands: new Proxy({}, { get: () => notHere }) as never,
    signIn: { secret: 'nobody signs in to a bench', oidc: null, origins: { of: () => null } },
    readiness: async () => ({ ok: true, checks: [] }),
    pushEndpoint: () => {},
    appUrl: (_, host) => `http://${host}`,
  })
  try {
    const address = await server.listen({ port: 0, host: '127.0.0.1' })
    const token = await store.createToken('bench', 'admin')
    return {
      history: await measureLists(createClient({ url: address, token })),
      dashboard: await measureDashboard(address, token, Number(flags.apps)),
    }
  } finally {
    await server.close()
    await insight[Symbol.asyncDispose]()
    await store.close()
  }
}

async function measureLists(client: Client): Promise<SectionResult> {
  const app = () => `app-${1 + Math.floor(Math.random() * Number(flags.apps))}`
  const deep = await deepCursor(client)
  const monthAgo = new Date(Date.now() - 30 * 86_400_000).toISOString()
  const asked: Record<string, () => Promise<unknown>> = {
    overview: () => client.readOverview({ query: { limit: 50 } }),
    'overview, all apps': () => client.readOverview({ query: { limit: 200 } }),
    'overview, searched': () => client.readOverview({ query: { q: 'app-17' } }),
    'an app': () => client.getApp({ params: { app: app() } }),
    'deployments of an app': () => client.listDeployments({ params: { app: app() } }),
    'deployments of an app, failed': () =>
      client.listDeployments({ params: { app: app() }, query: { state: ['failed'] } }),
    'deployments of an app, by tag': () =>
      client.listDeployments({ params: { app: app() }, query: { tag: '.77' } }),
    'deployments of all': () => client.listAllDeployments(),
    'deployments of all, deep in': () => client.listAllDeployments({ query: { cursor: deep } }),
    'deployments of all, rolled back': () => client.listAllDeployments({ query: { state: ['rolledBack'] } }),
    'deployments of all, by actor': () => client.listAllDeployments({ query: { actor: 'actor-7' } }),
    'deployments of all, by tag': () => client.listAllDeployments({ query: { tag: 'nothing' } }),
    'deployments of all, since': () =>
      client.listAllDeployments({ query: { since: monthAgo, trigger: ['rollback'] } }),
    releases: () => client.listReleases({ params: { app: app() } }),
    events: () => client.readEvents(),
    'events of an app': () => client.readEvents({ query: { app: app() } }),
    audit: () => client.listAudit({ query: { actor: 'actor-7' } }),
  }
  const series: Series[] = []
  const targets: Target[] = []
  for (const [name, ask] of Object.entries(asked)) {
    const values = await timeAll(ask, rounds)
    process.stderr.write(
      `history: ${name}: p95 ${p95(values).toFixed(1)} ms, least ${Math.min(...values).toFixed(1)} ms\n`,
    )
    series.push({ name, unit: 'ms', values })
    targets.push(target(`${name}: p95`, p95(values), limitMs))
  }
  const all = await timeAll(() => client.readFigures(), 5)
  const one = await timeAll(() => client.readAppFigures({ params: { app: app() } }), 10)
  series.push({ name: 'figures of 30 days, all apps', unit: 'ms', values: all })
  series.push({ name: 'figures of 30 days, one app', unit: 'ms', values: one })
  targets.push(target('figures of all apps: p95', p95(all), figuresLimitMs))
  return { series, targets }
}

/** Far from the newest. */
async function deepCursor(client: Client): Promise<string> {
  const until = new Date(Date.now() - 300 * 86_400_000).toISOString()
  const page = await client.listAllDeployments({ query: { limit: 1, until } })
  if (!page.next) throw new Error('the history is too short')
  return page.next
}

async function timeAll(ask: () => Promise<unknown>, times: number): Promise<number[]> {
  for (let warm = 0; warm < Math.min(10, times); warm += 1) await ask()
  const values: number[] = []
  for (let round = 0; round < times; round += 1) {
    const began = performance.now()
    await ask()
    values.push(performance.now() - began)
  }
  return values
}

function p95(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * 0.95) - 1] ?? Number.NaN
}

function target(claim: string, measured: number, atMost: number): Target {
  return { claim, unit: 'ms', measured, limit: { atMost } }
}
