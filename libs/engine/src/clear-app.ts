import type { AppRecord, Ports } from './ports.ts'

/**
 * Removes what is left of apps that were removed: route, instances, network and repository. Dies anywhere, is
 * done again; only at the end is the app's name free, so that a new app never finds anything of the old one.
 */
export async function clearRemovedApps(ports: Ports): Promise<void> {
  for (const app of await ports.store.removedApps()) {
    await clearApp(ports, app)
    ports.log.info({ app: app.name }, 'nothing is left of the removed app')
  }
}

async function clearApp(ports: Ports, app: AppRecord): Promise<void> {
  await ports.fault('removing.claimed')
  await ports.router.forget(app.seat)
  await ports.fault('removing.routeGone')
  const instances = await ports.runtime.list(app.name)
  await Promise.all(instances.map((instance) => ports.runtime.remove(instance)))
  await ports.runtime.removeApp(app.name)
  await ports.fault('removing.instancesGone')
  await ports.source.forget({ app: app.name, url: app.repoUrl })
  await ports.store.appIsGone(app.id)
}
