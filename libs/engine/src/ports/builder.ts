/** What turns a commit into an image digest. */
import type { AppName, CommitSha, ImageDigest, Manifest, TagName } from '@tagship/domain'
import type { SpooledContext } from './source.ts'

export interface BuildRequest {
  readonly app: AppName
  readonly releaseId: string
  readonly release: number
  readonly tag: TagName | null
  readonly commit: CommitSha
  /** For the image's OCI source label. */
  readonly repository: string
  readonly context: SpooledContext
  readonly recipe: Manifest['build']
  /** Build args of the app; they win over those of the manifest. */
  readonly args: Readonly<Record<string, string>>
  /** What the steps of the Dockerfile may mount, by name; in no layer, and in no line of the log. */
  readonly secrets: Readonly<Record<string, string>>
  readonly buildKey: string
}

export interface BuiltImage {
  readonly digest: ImageDigest
  readonly bytes: number
}

export interface Builder {
  /** An image of this app made earlier from the same build key, or null. */
  find(app: AppName, buildKey: string): Promise<BuiltImage | null>
  /**
   * Builds, and calls `onLine` for each line of the log as it comes. Aborting ends this build and no other.
   * @throws build.*, engine.*
   */
  build(request: BuildRequest, onLine: (line: string) => void, signal: AbortSignal): Promise<BuiltImage>
  has(digest: ImageDigest): Promise<boolean>
  /** Every image on this machine, whoever made it. */
  list(): Promise<Set<ImageDigest>>
  /** Removes an image that no release needs any more. A no-op where it is gone. */
  remove(digest: ImageDigest): Promise<void>
}
