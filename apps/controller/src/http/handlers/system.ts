import type { Handlers } from '../handler.ts'

export const systemHandlers = {
  async health({ version }) {
    return { status: 'ok', version }
  },

  async readiness(deps, { reply }) {
    const { ok, checks } = await deps.readiness()
    if (!ok) reply.code(503)
    return { ok, checks: checks.map((check) => ({ ...check })) }
  },

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
