import { readBigintCursor, toPage } from '../cursor.ts'
import { streamEvents } from '../event-stream.ts'
import type { Handlers, ServerDeps, StreamOpeners } from '../handler.ts'
import { findDeployment } from '../look-up.ts'
import { presentEvent } from '../present.ts'
import { lastEventId } from '../server-sent-events.ts'
import { appsOf } from '../visible.ts'

export const eventHandlers = {
  async readEvents(deps, { query }) {
    const { apps, deployment } = await eventFilter(deps, query)
    const before = readBigintCursor(query.cursor)
    const rows = await deps.store.newestEvents({ apps, deployment, before, limit: query.limit + 1 })
    const page = toPage(rows, query.limit, ({ id }) => id)
    return { items: page.items.map(presentEvent), next: page.next }
  },
} satisfies Partial<Handlers>

export const eventStreams = {
  async readEvents(deps, { query, request }, signal) {
    const { apps, deployment } = await eventFilter(deps, query)
    const filter = {
      ...(apps?.[0] === undefined ? {} : { appId: apps[0] }),
      ...(deployment === undefined ? {} : { deploymentId: deployment }),
    }
    const asked = lastEventId(request.headers) ?? query.after
    const after = asked !== undefined && /^\d{1,18}$/.test(asked) ? BigInt(asked) : null
    return streamEvents(deps.store, filter, after ?? (await deps.store.lastEventId()), signal)
  },
} satisfies Partial<StreamOpeners>

/** @throws app.notFound, deployment.notFound */
async function eventFilter(
  deps: ServerDeps,
  query: { app?: string | undefined; deployment?: string | undefined },
) {
  const apps = await appsOf(deps, query.app)
  if (query.deployment !== undefined) await findDeployment(deps.store, query.deployment)
  return { apps: apps?.map(({ id }) => id) ?? null, deployment: query.deployment }
}
