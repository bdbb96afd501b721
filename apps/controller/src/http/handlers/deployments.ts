import { readBigintCursor, toPage } from '../cursor.ts'
import { followLogs, readLogs } from '../deployment-logs.ts'
import { streamEvents } from '../event-stream.ts'
import type { Handlers, ServerDeps, StreamOpeners } from '../handler.ts'
import { findApp, findDeployment } from '../look-up.ts'
import { presentAuditEntry, presentDeployment } from '../present.ts'
import { verdictOf } from '../verify-history.ts'

export const deploymentHandlers = {
  async getDeployment(deps, { params }) {
    return presentDeployment(await findDeployment(deps.store, params.id))
  },

  async promote(deps, { params, actor }) {
    await findDeployment(deps.store, params.id)
    return presentDeployment(await deps.commands.promote(params.id, actor))
  },

  async cancel(deps, { params, actor }) {
    await findDeployment(deps.store, params.id)
    return presentDeployment(await deps.commands.cancel(params.id, actor))
  },

  async readLogs(deps, { params, query }) {
    return readLogs(deps, await findDeployment(deps.store, params.id), query)
  },

  async listAudit(deps, { query }) {
    const before = readBigintCursor(query.cursor)
    const rows = await deps.store.listAudit({
      limit: query.limit + 1,
      ...(query.app === undefined ? {} : { app: query.app }),
      ...(before === undefined ? {} : { before }),
    })
    const page = toPage(rows, query.limit, ({ id }) => id)
    return { items: page.items.map(presentAuditEntry), next: page.next }
  },

  async verifyAudit(deps, { query }) {
    return verdictOf(await deps.store.verifyHistory(query.expect?.split(',')))
  },
} satisfies Partial<Handlers>

export const streamOpeners: StreamOpeners = {
  async readLogs(deps, { params, query, request }, signal) {
    const deployment = await findDeployment(deps.store, params.id)
    const after = lastEventId(request.headers['last-event-id']) ?? query.after
    return followLogs(deps, deployment, { ...query, after }, signal)
  },

  async readEvents(deps, { query, request }, signal) {
    const filter = await eventFilter(deps, query)
    const asked = lastEventId(request.headers['last-event-id']) ?? query.after
    const after = asked !== undefined && /^\d{1,18}$/.test(asked) ? BigInt(asked) : null
    return streamEvents(deps.store, filter, after ?? (await deps.store.lastEventId()), signal)
  },
}

/** @throws app.notFound, deployment.notFound */
async function eventFilter(
  { store }: ServerDeps,
  query: { app?: string | undefined; deployment?: string | undefined },
) {
  const app = query.app === undefined ? null : await findApp(store, query.app)
  const deployment = query.deployment === undefined ? null : await findDeployment(store, query.deployment)
  return {
    ...(app ? { appId: app.id } : {}),
    ...(deployment ? { deploymentId: deployment.id } : {}),
  }
}

function lastEventId(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' && header !== '' ? header : undefined
}
