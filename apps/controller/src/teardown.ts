import type { Runtime } from '@tagship/engine'
import { createDocker, createLogger } from '@tagship/kit'
import { openStore, type Store } from '@tagship/store'
import { type DataFolder, openDataFolder } from './data-folder.ts'
import { preparedImage } from './images.ts'
import { createKubernetesPlace } from './kubernetes-place.ts'
import type { Options } from './options.ts'
import { isInstalled, reachDatabase } from './reach-database.ts'
import { secretKeyOf } from './secret-key.ts'

/**
 * Removes everything of the installation that serves traffic: instances, router, networks, and on clusters the instances.
 * Data and history stay, and images unless they are to go as well, so that `tagship up` brings it all back.
 * @throws cluster.* once all else is removed, where a cluster did not take it
 */
export async function teardown(
  options: Options,
): Promise<{ containers: number; networks: number; images: number; onClusters: number }> {
  const docker = createDocker()
  const data = await openDataFolder(options.data)
  const filters = { label: [`dev.tagship=${data.installation}`] }
  const containers = await docker.listContainers({ all: true, filters })
  for (const { Id } of containers) {
    await docker.getContainer(Id).remove({ force: true }).catch(unlessGone)
  }
  const networks = await docker.listNetworks({ filters })
  for (const { Id } of networks) await docker.getNetwork(Id).remove().catch(unlessGone)
  const images = options.images ? await docker.listImages({ filters }) : []
  for (const { Id } of images) await docker.getImage(Id).remove({ force: true }).catch(unlessGone)
  const onClusters = options.clusters ? await endOnClusters(options, data) : 0
  return { containers: containers.length, networks: networks.length, images: images.length, onClusters }
}

function unlessGone(error: { statusCode?: number }): void {
  if (error.statusCode !== 404) throw error
}

/** Services stay, and with them the addresses that users know. @returns how many instances there were */
async function endOnClusters(options: Options, data: DataFolder): Promise<number> {
  if (!(await isInstalled(options, data))) return 0
  const log = createLogger('teardown', 'error')
  const { url, leave } = await reachDatabase(options, data, log)
  try {
    const store = await openStore({ url, log, secretKey: await secretKeyOf(options.secretKey, data) })
    const { runtime } = createKubernetesPlace({
      installation: data.installation,
      docker: createDocker(),
      registry: null,
      counterImage: await preparedImage('router'),
      ingressClass: null,
      placements: (wanted) => store.placements(wanted),
      log,
    })
    return await endPlaced(store, runtime).finally(() => store.close())
  } finally {
    await leave()
  }
}

/** An app whose cluster is away keeps no other from it. */
async function endPlaced(store: Store, runtime: Runtime): Promise<number> {
  const ended = await Promise.allSettled(
    (await store.placements({})).map(async ({ app }) => {
      const instances = await runtime.list(app)
      for (const instance of instances) await runtime.remove(instance)
      return instances.length
    }),
  )
  const failed = ended.find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
  return ended.reduce((sum, one) => sum + (one.status === 'fulfilled' ? one.value : 0), 0)
}
