/** The images that were built: found, looked for, removed. */
import { type AppName, type ImageDigest, parseImageDigest } from '@tagship/domain'
import type { BuiltImage } from '@tagship/engine'
import { engineStatus } from '@tagship/kit'
import { askEngine, type Scope } from './engine.ts'
import { buildKeyLabels, referencePrefix } from './labels.ts'

/** The newest image of the app from this build key, or null. @throws engine.* */
export async function findImage(scope: Scope, app: AppName, buildKey: string): Promise<BuiltImage | null> {
  const filters = { label: buildKeyLabels(scope.installation, app, buildKey) }
  const images = await askEngine(`looking for an image of ${app}`, (abortSignal) =>
    scope.docker.listImages({ filters, abortSignal }),
  )
  const [newest] = images.sort((a, b) => b.Created - a.Created)
  return newest ? { digest: parseImageDigest(newest.Id), bytes: newest.Size } : null
}

/** The digests of every image on this machine. @throws engine.* */
export async function listDigests({ docker }: Scope): Promise<Set<ImageDigest>> {
  const images = await askEngine('listing images', (abortSignal) =>
    docker.listImages({ all: true, abortSignal }),
  )
  return new Set(images.map(({ Id }) => parseImageDigest(Id)))
}

/** @throws engine.* */
export async function hasImage(scope: Scope, digest: ImageDigest): Promise<boolean> {
  return (await inspectImage(scope, digest)) !== null
}

/** The image with its references, or null where it is gone. @throws engine.* */
export async function inspectImage(
  scope: Scope,
  digest: ImageDigest,
): Promise<{ image: BuiltImage; references: string[] } | null> {
  try {
    const found = await askEngine(`looking for image ${digest}`, () =>
      scope.docker.getImage(digest).inspect(),
    )
    return {
      image: { digest: parseImageDigest(found.Id), bytes: found.Size },
      references: found.RepoTags ?? [],
    }
  } catch (error) {
    if (engineStatus(error) === 404) return null
    throw error
  }
}

/**
 * Removes the image, or only our references to it where others have named it too. A no-op where it is gone,
 * or while a container is made from it. @throws engine.*
 */
export async function removeImage(scope: Scope, digest: ImageDigest): Promise<void> {
  const found = await inspectImage(scope, digest)
  if (!found || (await isInUse(scope, digest))) return
  const ours = found.references.filter((reference) =>
    reference.startsWith(referencePrefix(scope.installation)),
  )
  const names = found.references.length === 0 ? [digest] : ours
  for (const name of names) await removeReference(scope, name)
}

async function isInUse({ docker }: Scope, digest: ImageDigest): Promise<boolean> {
  const containers = await askEngine(`looking for containers of ${digest}`, (abortSignal) =>
    docker.listContainers({ all: true, filters: { ancestor: [digest] }, abortSignal }),
  )
  return containers.length > 0
}

async function removeReference({ docker }: Scope, name: string): Promise<void> {
  try {
    await askEngine(`removing image ${name}`, (abortSignal) => docker.getImage(name).remove({ abortSignal }))
  } catch (error) {
    // 404: somebody else has removed it; 409: a container has taken it since we looked.
    if (![404, 409].includes(engineStatus(error) ?? 0)) throw error
  }
}
