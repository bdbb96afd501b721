import { createDocker } from '@tagship/kit'
import { openDataFolder } from './data-folder.ts'
import type { Options } from './options.ts'

/**
 * Removes everything of the installation that serves traffic: instances, router, networks. Data and history
 * stay, and images unless they are to go as well, so that `tagship up` brings it all back.
 */
export async function teardown(
  options: Options,
): Promise<{ containers: number; networks: number; images: number }> {
  const docker = createDocker()
  const { installation } = await openDataFolder(options.data)
  const filters = { label: [`dev.tagship=${installation}`] }
  const containers = await docker.listContainers({ all: true, filters })
  for (const { Id } of containers) {
    await docker.getContainer(Id).remove({ force: true }).catch(unlessGone)
  }
  const networks = await docker.listNetworks({ filters })
  for (const { Id } of networks) await docker.getNetwork(Id).remove().catch(unlessGone)
  const images = options.images ? await docker.listImages({ filters }) : []
  for (const { Id } of images) await docker.getImage(Id).remove({ force: true }).catch(unlessGone)
  return { containers: containers.length, networks: networks.length, images: images.length }
}

function unlessGone(error: { statusCode?: number }): void {
  if (error.statusCode !== 404) throw error
}
