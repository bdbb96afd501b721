/** An image by its layers. */
import type { ImageDigest } from '@tagship/domain'
import { engineStatus } from '@tagship/kit'
import { z } from 'zod'
import { askEngine, type Scope } from './engine.ts'

interface ImageLayer {
  /** Of its content; null where the engine does not tell which is which. */
  readonly digest: string | null
  readonly bytes: number
  /** The instruction that made it. */
  readonly createdBy: string
}

export interface ImageDetail {
  readonly bytes: number
  readonly createdAt: Date
  /** Lowest first. */
  readonly layers: readonly ImageLayer[]
}

/** https://docs.docker.com/reference/api/engine/#tag/Image/operation/ImageHistory */
const historySchema = z.array(z.object({ Size: z.number(), CreatedBy: z.string() }))

/** Null where the image is gone. @throws engine.* */
export async function describeImage({ docker }: Scope, digest: ImageDigest): Promise<ImageDetail | null> {
  const image = docker.getImage(digest)
  try {
    const [facts, history] = await Promise.all([
      askEngine(`looking at image ${digest}`, () => image.inspect()),
      askEngine(`looking at the layers of ${digest}`, () => image.history()),
    ])
    const steps = historySchema.parse(history).reverse()
    return {
      bytes: facts.Size,
      createdAt: new Date(facts.Created),
      layers: nameLayers(steps, facts.RootFS.Layers ?? []),
    }
  } catch (error) {
    if (engineStatus(error) === 404) return null
    throw error
  }
}

/** These only set something: they stand in the history, and make no layer. */
const onlySets =
  /^(?:\/bin\/sh -c #\(nop\)\s+)?(?:ARG|CMD|ENTRYPOINT|ENV|EXPOSE|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|SHELL|STOPSIGNAL|USER|VOLUME)\b/

/**
 * Which steps made a layer is not told. A step without content may have (`WORKDIR`), and one that is not known
 * here may not have: the reading that comes to as many layers as there are is the right one.
 */
export function nameLayers(
  steps: z.output<typeof historySchema>,
  digests: readonly string[],
): readonly ImageLayer[] {
  const withContent = steps.filter(({ Size }) => Size > 0)
  const readings = [withContent, steps.filter(({ CreatedBy }) => !onlySets.test(CreatedBy)), steps]
  const made = readings.find(({ length }) => length === digests.length)
  return (made ?? withContent).map(({ Size, CreatedBy }, index) => ({
    digest: (made && digests[index]) ?? null,
    bytes: Size,
    createdBy: CreatedBy.trim(),
  }))
}
