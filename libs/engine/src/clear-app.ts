import type { AppRecord, Place, Ports, Runtime } from './ports.ts'

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
  const everywhere = async (act: (place: Place) => Promise<void>) => {
    for (const place of Object.values(ports.places)) await act(place)
  }
  const acts = [
    ['routeGone', () => everywhere(({ router }) => router.forget(seat))],
    ['instancesGone', () => everywhere(({ runtime }) => removeInstances(runtime, app))],
    ['networkGone', () => everywhere(({ runtime }) => runtime.removeApp(name))],
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

async function removeInstances(runtime: Runtime, { name }: AppRecord): Promise<void> {
  const instances = await runtime.list(name)
  await Promise.all(instances.map((instance) => runtime.remove(instance)))
}
