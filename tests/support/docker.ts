/** A test's own corner of the Docker Engine: an installation id, and the removal of all that carries it. */
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createDocker, type Docker, engineStatus, runCommand } from '@tagship/kit'

/** Files of a build context: path → text. */
export type ContextFiles = Readonly<Record<string, string>>

export interface TestContext {
  /** Of the tar. */
  readonly path: string
  readonly sha256: string
  readonly bytes: number
}

export interface DockerScope {
  /** The installation that the test plays; everything it makes carries the label `dev.tagship=<this>`. */
  readonly installation: string
  readonly docker: Docker
  /** A build context on disk, as `git archive` would have made it; removed with the scope. */
  spool(files: ContextFiles): Promise<TestContext>
  /** Builds an image from files, one of them a Dockerfile. @returns its digest */
  image(files: ContextFiles): Promise<string>
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
  const folders: string[] = []
  const spool = async (files: ContextFiles) => {
    const folder = await mkdtemp(join(tmpdir(), `${installation}-`))
    folders.push(folder)
    return spoolTar(folder, files)
  }
  const image = async (files: ContextFiles) => {
    const { path } = await spool(files)
    const stream = await docker.buildImage(path, { labels: { 'dev.tagship': installation } })
    return new Promise<string>((resolve, reject) => {
      docker.modem.followProgress(stream, (error: Error | null, messages: { aux?: { ID?: string } }[]) => {
        const digest = messages.findLast(({ aux }) => aux?.ID)?.aux?.ID
        if (digest) resolve(digest)
        else reject(error ?? new Error(`the image was not built: ${JSON.stringify(messages.at(-1))}`))
      })
    })
  }
  const cleanup = async () => {
    await removeEverythingOf(docker, installation)
    await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })))
  }
  onEnd(cleanup)
  return { installation, docker, spool, image, cleanup }
}

async function spoolTar(folder: string, files: ContextFiles): Promise<TestContext> {
  const root = join(folder, 'context')
  await mkdir(root)
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  const path = join(folder, 'context.tar')
  const { exitCode, stderr } = await runCommand('tar', ['-cf', path, '-C', root, '.'])
  if (exitCode !== 0) throw new Error(`tar: ${stderr}`)
  const tar = await readFile(path)
  return { path, sha256: createHash('sha256').update(tar).digest('hex'), bytes: tar.length }
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
