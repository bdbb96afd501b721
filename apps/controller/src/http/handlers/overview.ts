import { readTextCursor, toPage } from '../cursor.ts'
import { movedTags, readSituations } from '../describe-apps.ts'
import type { Handlers } from '../handler.ts'
import { presentCard } from '../present-overview.ts'

export const overviewHandlers = {
  /**
   * Seven questions to the store, however many apps there are, and some for each that has a tag which moved; traffic
   * and health are in memory.
   */
  async readOverview(deps, { query }) {
    const { store, insight } = deps
    const look = insight.traffic.latest()
    const moved = await movedTags(deps, await store.appsWhereTagsMoved())
    const unreachable = (look?.apps ?? []).filter(({ live, backupInUse, slots }) => {
      const serving = slots.find(({ slot }) => slot === live)
      return live !== null && (backupInUse || !serving?.targets.some(({ up }) => up))
    })
    const blocked = [...moved].filter(([, tags]) => tags.length > 0).map(([id]) => id)
    const alerting = [...unreachable.map(({ appId }) => appId), ...blocked]
    const filter = { apps: deps.visible, text: query.q, show: query.show, alerting }
    const after = readTextCursor(query.cursor)
    const { apps, counts } = await store.overview(filter, { after, limit: query.limit + 1 })
    const page = toPage(apps, query.limit, ({ name }) => name)
    const [situations, holders] = await Promise.all([
      readSituations(deps, page.items, moved),
      store.slotHolders(page.items.map(({ id }) => id)),
    ])
    const holdersOf = Map.groupBy(holders, ({ deployment }) => deployment.appId)
    const lookAt = new Map(look?.apps.map((app) => [app.appId, app]))
    const items = situations.map(({ app, situation }) =>
      presentCard({
        ...{ app, situation },
        holders: holdersOf.get(app.id) ?? [],
        look: lookAt.get(app.id) ?? null,
        lastHour: insight.traffic.lastHour(app.id),
      }),
    )
    return { items, next: page.next, counts }
  },
} satisfies Partial<Handlers>
