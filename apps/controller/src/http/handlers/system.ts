import { setTimeout as sleep } from 'node:timers/promises'
import type { Readiness } from '@tagship/api'
import type { Handlers, ServerDeps, StreamOpeners } from '../handler.ts'
import type { StreamItem } from '../server-sent-events.ts'

/** Each look asks Postgres, Redis, the router and the engine. */
const lookMs = 2_000

export const systemHandlers = {
  async health({ version }) {
    return { status: 'ok', version }
  },

  async readiness(deps, { reply }) {
    const found = await describeReadiness(deps)
    if (!found.ok) reply.code(503)
    return found
  },

  watchReadiness: (deps) => describeReadiness(deps),

  async readSystem({ insight, version }) {
    return { version, ...(await insight.system()) }
  },

  async readDoctor({ insight }) {
    return { items: await insight.doctor(), next: null }
  },

  async metrics({ metrics }, { reply }) {
    reply.type(metrics.contentType)
    return metrics.metrics()
  },
} satisfies Partial<Handlers>

export const systemStreams = {
  watchReadiness: async (deps, _call, signal) => changesOfReadiness(deps, signal),
} satisfies Partial<StreamOpeners>

/** As it is, and then each time that it is different. */
async function* changesOfReadiness(deps: ServerDeps, signal: AbortSignal): AsyncGenerator<StreamItem> {
  let told = ''
  while (!signal.aborted) {
    const data = await describeReadiness(deps)
    const text = JSON.stringify(data)
    if (text !== told) yield { id: new Date().toISOString(), data }
    told = text
    await sleep(lookMs, undefined, { signal }).catch(() => {})
  }
}

async function describeReadiness({ readiness }: ServerDeps): Promise<Readiness> {
  const { ok, checks } = await readiness()
  return { ok, checks: checks.map((check) => ({ ...check })) }
}
