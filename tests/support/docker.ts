/** A test's own corner of the Docker Engine: an installation id, and the removal of all that carries it. */
import { randomBytes } from 'node:crypto'
import { createDocker, type Docker, engineStatus } from '@tagship/kit'

export interface DockerScope {
  /** The installation that the test plays; everything it makes carries the label `dev.tagship=<this>`. */
  readonly installation: string
  readonly docker: Docker
  /** Removes every container, network, volume and image of the scope. May be called again. */
  cleanup(): Promise<void>
}

/**
 * @param onEnd vitest's `onTestFinished` (inside a test) or `afterAll` (at the top of a file): cleans up there,
 * also when the test has failed
 */
export function dockerScope(onEnd: (cleanup: () => Promise<void>) => void): DockerScope {
  const installation = `t${randomBytes(5).toString('hex')}`
  const docker = createDocker()
  const cleanup = () => removeEverythingOf(docker, installation)
  onEnd(cleanup)
  return { installation, docker, cleanup }
}

async function removeEverythingOf(docker: Docker, installation: string): Promise<void> {
  const filters = { label: [`dev.tagship=${installation}`] }
  const containers = await docker.listContainers({ all: true, filters })
  await Promise.all(
    containers.map(({ Id }) => gone(docker.getContainer(Id).remove({ force: true, v: true }))),
  )
  const [networks, volumes, images] = await Promise.all([
    docker.listNetworks({ filters }),
    docker.listVolumes({ filters }),
    docker.listImages({ filters }),
  ])
  await Promise.all(networks.map(({ Id }) => gone(docker.getNetwork(Id).remove())))
  await Promise.all(volumes.Volumes.map(({ Name }) => gone(docker.getVolume(Name).remove())))
  await Promise.all(images.map(({ Id }) => gone(docker.getImage(Id).remove({ force: true }))))
}

async function gone(removal: Promise<unknown>): Promise<void> {
  await removal.catch((error: unknown) => {
    if (![404, 409].includes(engineStatus(error) ?? 0)) throw error
  })
}
