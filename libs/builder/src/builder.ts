/** The builder on a Docker Engine: commits to image digests through its BuildKit. */
import type { ImageDigest } from '@tagship/domain'
import type { Builder, Log } from '@tagship/engine'
import type { Docker } from '@tagship/kit'
import { buildImage } from './build-image.ts'
import { findImage, hasImage, listDigests, removeImage } from './images.ts'
import { describeImage, type ImageDetail } from './layers.ts'

export interface DockerBuilderOptions {
  readonly docker: Docker
  /** Images carry it as a label and in their reference; nothing of another installation is found or removed. */
  readonly installation: string
  readonly log?: Log
}

export interface DockerBuilder extends Builder {
  /** What the image consists of, or null where it is gone. @throws engine.* */
  describe(digest: ImageDigest): Promise<ImageDetail | null>
}

export function createDockerBuilder({ docker, installation, log }: DockerBuilderOptions): DockerBuilder {
  const scope = { docker, installation }
  return {
    find: (app, buildKey) => findImage(scope, app, buildKey),
    build: (request, onLine, signal) => buildImage({ ...scope, log }, request, onLine, signal),
    has: (digest) => hasImage(scope, digest),
    list: () => listDigests(scope),
    describe: (digest) => describeImage(scope, digest),
    remove: (digest) => removeImage(scope, digest),
  }
}
