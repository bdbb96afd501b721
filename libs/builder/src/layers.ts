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

/** Instructions that only set something make no layer; which those are is told by their size alone. */
export function nameLayers(
  steps: z.output<typeof historySchema>,
  digests: readonly string[],
): readonly ImageLayer[] {
  const withContent = steps.filter(({ Size }) => Size > 0)
  const made = withContent.length === digests.length ? withContent : steps
  const named = made.length === digests.length
  return (named ? made : withContent).map(({ Size, CreatedBy }, index) => ({
    digest: named ? (digests[index] ?? null) : null,
    bytes: Size,
    createdBy: CreatedBy.trim(),
  }))
}
