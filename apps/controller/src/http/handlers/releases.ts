import { readNumberCursor, toPage } from '../cursor.ts'
import type { Handlers } from '../handler.ts'
import { findApp } from '../look-up.ts'
import { presentRelease, presentRollback } from '../present.ts'
import { previewRollback } from '../rollback-preview.ts'
import { idOfWrite } from '../writes.ts'

export const releaseHandlers = {
  async listReleases(deps, { params, query }) {
    const app = await findApp(deps.store, params.app)
    const before = readNumberCursor(query.cursor)
    const rows = await deps.store.listReleases(app.id, {
      limit: query.limit + 1,
      ...(before === undefined ? {} : { before }),
    })
    const page = toPage(rows, query.limit, ({ number }) => number)
    return { items: page.items.map(presentRelease), next: page.next }
  },

  async previewRollback(deps, { params, query, actor }) {
    return previewRollback(deps, await findApp(deps.store, params.app), query.to, actor)
  },

  async rollBack(deps, { params, body, actor, request }) {
    const app = await findApp(deps.store, params.app)
    const { to, reason = null, dryRun } = body
    const asked = { actor, reason, dryRun, id: idOfWrite(request) }
    const { deployment, plan } = await deps.commands.rollback(app, to, asked)
    return presentRollback(deployment, plan)
  },
} satisfies Partial<Handlers>
