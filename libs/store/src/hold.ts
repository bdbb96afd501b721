/** Auto-deploy, paused and let go on again (DESIGN §1: hold). */
import { lockPresentApp } from './apps.ts'
import { appendEvents } from './chain.ts'
import { type Database, storableText } from './database.ts'

const holdApp = {
  name: 'hold-app',
  text: `
    UPDATE apps SET held_by = $2, held_reason = $3, held_at = $4
    WHERE id = $1 AND (held_by, held_reason) IS DISTINCT FROM ($2, $3) RETURNING id`,
}

export const holds = (database: Database) => ({
  /** Pauses auto-deploy, or (null) lets it go on. A no-op where that is so. @throws app.notFound */
  setHold(
    appId: string,
    hold: { readonly by: string; readonly reason: string | null } | null,
  ): Promise<void> {
    return database.transaction(async (session) => {
      const app = await lockPresentApp(session, appId)
      const { by: actor, reason } = hold ?? { by: 'tagship', reason: null }
      const kept = hold?.reason == null ? null : storableText(hold.reason)
      const changed = await session.query(holdApp, [app.id, hold?.by ?? null, kept, hold ? app.now : null])
      if (changed.length === 0) return
      await appendEvents(session, app, [{ type: hold ? 'holdSet' : 'holdLifted', actor, reason }])
    })
  },
})
