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
  const { name, seat, repoUrl: url } = app
  /** Another controller may have done it all while this one stood still, and the name may be another app's now. */
  const isLeft = async () => (await ports.store.removedApps()).some(({ id }) => id === app.id)
  const acts = [
    ['routeGone', () => ports.router.forget(seat)],
    ['instancesGone', () => removeInstances(ports, app)],
    ['networkGone', () => ports.runtime.removeApp(name)],
    ['repositoryGone', () => ports.source.forget({ app: name, url })],
  ] as const
  await ports.fault('removing.claimed')
  for (const [point, act] of acts) {
    if (!(await isLeft())) return
    await act()
    await ports.fault(`removing.${point}`)
  }
  await ports.store.appIsGone(app.id)
}

async function removeInstances(ports: Ports, { name }: AppRecord): Promise<void> {
  const instances = await ports.runtime.list(name)
  await Promise.all(instances.map((instance) => ports.runtime.remove(instance)))
}
