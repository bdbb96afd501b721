/** The way of an image from the engine that built it to the nodes of a cluster. */
import { type ImageDigest, TagshipError } from '@tagship/domain'
import { type Docker, engineStatus, engineWords } from '@tagship/kit'
import { askEngine, unless } from '../docker/engine.ts'

/** Layers may be large, and the registry far. */
const pushMs = 15 * 60_000

export interface Registry {
  /** `HOST[:PORT][/PATH]`, as the engine and the nodes both reach it. */
  readonly address: string
  readonly credentials: { readonly user: string; readonly password: string } | null
}

/** What nodes pull: `HOST/PATH/NAME@sha256:…`, the digest of the manifest as the registry has it. */
export type ImageReference = string

/**
 * Pushes the image, unless the registry has it already. The tag is there so that the registry keeps it; nothing is ever
 * pulled by it. @throws image.missing, registry.unavailable, registry.refused, engine.*
 */
export async function ensurePushed(
  docker: Docker,
  registry: Registry | null,
  name: string,
  image: ImageDigest,
): Promise<ImageReference> {
  if (!registry) {
    throw new TagshipError(
      'registry.none',
      'nodes of a cluster have no way to the images that are built here',
    )
  }
  const repository = `${registry.address}/${name}`
  const known = await pushedBefore(docker, repository, image)
  if (known && (await holds(docker, registry, known))) return known

  const tag = `t${image.replace('sha256:', '').slice(0, 32)}`
  const tagging = askEngine(`tagging ${image}`, () => docker.getImage(image).tag({ repo: repository, tag }))
  if ((await unless(tagging, 404)) === null)
    throw new TagshipError('image.missing', `the image ${image} is no longer on this machine`)
  await push(docker, registry, `${repository}:${tag}`)
  const reference = await pushedBefore(docker, repository, image)
  if (!reference || !(await holds(docker, registry, reference))) {
    throw new TagshipError('registry.unavailable', `${registry.address} took the image, and does not have it`)
  }
  return reference
}

/** The engine remembers under which digest it has pushed an image. */
async function pushedBefore(
  docker: Docker,
  repository: string,
  image: ImageDigest,
): Promise<ImageReference | null> {
  const looking = askEngine(`looking at image ${image}`, () => docker.getImage(image).inspect())
  const found = await unless(looking, 404)
  if (!found) throw new TagshipError('image.missing', `the image ${image} is no longer on this machine`)
  return found.RepoDigests?.find((digest) => digest.startsWith(`${repository}@`)) ?? null
}

/** Whether the registry gives out a manifest under exactly this digest. */
async function holds(docker: Docker, registry: Registry, reference: ImageReference): Promise<boolean> {
  const asking = askEngine(`asking ${registry.address}`, () =>
    docker.getImage(reference).distribution({ authconfig: authOf(registry) } as object),
  )
  try {
    const { Descriptor } = (await asking) as { Descriptor?: { digest?: string } }
    return reference.endsWith(`@${Descriptor?.digest}`)
  } catch (error) {
    if (/manifest unknown|not found|no such manifest/i.test(engineWords(error))) return false
    throw registryError(registry, error)
  }
}

async function push(docker: Docker, registry: Registry, reference: string): Promise<void> {
  try {
    const stream = await askEngine(`pushing ${reference}`, () =>
      docker.getImage(reference).push({ authconfig: authOf(registry) }),
    )
    await askEngine(`pushing ${reference}`, () => untilPushed(docker, stream), pushMs)
  } catch (error) {
    throw registryError(registry, error)
  }
}

/** What goes wrong on the way comes as one of the lines of progress. */
function untilPushed(docker: Docker, stream: NodeJS.ReadableStream): Promise<void> {
  return new Promise((resolve, reject) => {
    docker.modem.followProgress(
      stream,
      (error: Error | null, lines: readonly { readonly error?: string }[]) => {
        const told = lines?.find((line) => line.error !== undefined)?.error
        if (error || told !== undefined) reject(error ?? new Error(told))
        else resolve()
      },
    )
  })
}

function authOf({ credentials, address }: Registry) {
  if (!credentials) return { username: '', password: '', serveraddress: address }
  return { username: credentials.user, password: credentials.password, serveraddress: address }
}

/** An engine that is away stays that; all else comes from the registry. */
function registryError(registry: Registry, error: unknown): unknown {
  if (error instanceof TagshipError && error.code !== 'engine.failed') return error
  const words = engineWords(error instanceof TagshipError ? (error.cause ?? error) : error)
  const refused = /unauthorized|denied|forbidden|authentication required|no basic auth/i.test(words)
  const code =
    refused || [401, 403].includes(engineStatus(error) ?? 0) ? 'registry.refused' : 'registry.unavailable'
  return new TagshipError(code, `${registry.address}: ${words}`, { cause: error })
}
