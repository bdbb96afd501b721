/** What an image says about itself. */
import type { ImageDigest, ImageFacts } from '@tagship/domain'
import type { ImageInspectInfo } from 'dockerode'
import { askEngine, type Context, unless } from './engine.ts'

/** Null where the image is gone. @throws engine.* */
export async function imageFacts(
  { docker }: Pick<Context, 'docker'>,
  digest: ImageDigest,
): Promise<ImageFacts | null> {
  const looking = askEngine(`looking at image ${digest}`, () => docker.getImage(digest).inspect())
  const image = await unless(looking, 404)
  if (!image) return null
  return factsOf(image)
}

export function factsOf({ Config }: ImageInspectInfo): ImageFacts {
  const { ExposedPorts, Healthcheck } = Config
  const test = Healthcheck?.Test?.[0]
  return {
    exposedPorts: Object.keys(ExposedPorts ?? {})
      .filter((port) => port.endsWith('/tcp'))
      .map((port) => Number.parseInt(port, 10))
      .sort((a, b) => a - b),
    hasHealthcheck: test !== undefined && test !== 'NONE',
  }
}
