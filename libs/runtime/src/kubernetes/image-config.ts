import { type ImageDigest, TagshipError } from '@tagship/domain'
import type { Docker } from '@tagship/kit'
import { askEngine, unless } from '../docker/engine.ts'
import { factsOf } from '../docker/image-facts.ts'
import type { ImageConfig } from './pod-template.ts'

/** @throws image.missing, engine.* */
export async function readImageConfig(docker: Docker, digest: ImageDigest): Promise<ImageConfig> {
  const looking = askEngine(`looking at image ${digest}`, () => docker.getImage(digest).inspect())
  const image = await unless(looking, 404)
  if (!image) throw new TagshipError('image.missing', `the image ${digest} is no longer on this machine`)
  const { User, Healthcheck } = image.Config
  return { ...factsOf(image), user: User ?? '', healthcheck: commandOf(Healthcheck?.Test) }
}

/** `CMD` names a program, `CMD-SHELL` a line for a shell. */
function commandOf([kind, ...words]: readonly string[] = []): readonly string[] | null {
  if (kind === 'CMD') return words
  return kind === 'CMD-SHELL' ? ['/bin/sh', '-c', ...words] : null
}
