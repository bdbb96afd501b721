/** The store as one caller sees it: what they may not see is not there. */
import type { Identity } from '@tagship/store'
import type { ServerDeps } from './handler.ts'
import type { HttpStore } from './store.ts'

/** A handler's surroundings, as the caller sees them. */
export function seenBy(deps: ServerDeps, identity: Identity): ServerDeps {
  const visible = identity.role === null ? [...identity.apps.keys()] : null
  return { ...deps, visible, store: visibleStore(deps.store, identity) }
}

function visibleStore(store: HttpStore, { role, apps }: Identity): HttpStore {
  // Somebody with a role for the whole installation sees all of it.
  if (role !== null) return store
  const only = [...apps.keys()]
  const appByName = async (name: string) => {
    const app = await store.appByName(name)
    return app && apps.has(app.id) ? app : null
  }
  /** Ids; null stands for every app. */
  const within = (ids: readonly string[] | null) => (ids ?? only).filter((id) => apps.has(id))
  const visible = async () => {
    const seen = await store.listApps({ limit: only.length + 1, only })
    return seen.map(({ name, createdAt }) => ({ name, since: createdAt }))
  }
  const restricted: Partial<HttpStore> = {
    appByName,
    async deploymentById(id) {
      const deployment = await store.deploymentById(id)
      return deployment && apps.has(deployment.appId) ? deployment : null
    },
    listApps: (query) => store.listApps({ ...query, only }),
    listEvents: (query) => store.listEvents({ ...query, only }),
    newestEvents: (query) => store.newestEvents({ ...query, apps: within(query.apps) }),
    findDeployments: (filter, page) => store.findDeployments({ ...filter, apps: within(filter.apps) }, page),
    listAudit: async (query) => store.listAudit({ ...query, visible: await visible() }),
    readAudit: async (query) => store.readAudit({ ...query, visible: await visible() }),
  }
  return new Proxy(store, {
    get: (target, name) => Reflect.get(restricted, name) ?? Reflect.get(target, name),
  })
}
