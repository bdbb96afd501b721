/** What the API shows and neither the store nor a command can tell: the world outside, as it is now. */
import type { DoctorReport, SystemJson } from '@tagship/api'
import type { CommitSha, ImageDigest } from '@tagship/domain'
import type { AppRecord, CommitFacts, Instance } from '@tagship/engine'
import type { TrafficWatch } from '../traffic/watch.ts'

export interface CommitListing {
  /** Newest first, as many as are shown. */
  readonly items: readonly (CommitFacts & { readonly sha: string })[]
  readonly total: number
}

interface CommitComparison {
  readonly added: CommitListing
  readonly undone: CommitListing
  readonly files: {
    readonly items: readonly {
      readonly path: string
      readonly change: 'added' | 'removed' | 'changed'
      readonly insertions: number | null
      readonly deletions: number | null
    }[]
    readonly total: number
  }
}

export interface ImageDetail {
  readonly bytes: number
  readonly createdAt: Date
  /** Lowest first. */
  readonly layers: readonly {
    readonly digest: string | null
    readonly bytes: number
    readonly createdBy: string
  }[]
}

/** Each answers null where its part of the world does not, and never throws for that. */
export interface Insight {
  /** Digests of the images on this machine. */
  images(): Promise<ReadonlySet<string> | null>
  /** What the image consists of; null also where it is gone. */
  image(digest: ImageDigest): Promise<ImageDetail | null>
  /** Those that there are of the app, in the order of deployments. */
  instances(app: AppRecord): Promise<readonly Instance[] | null>
  /** From the app's mirror; null also where it does not have both. */
  compareCommits(app: AppRecord, base: CommitSha, head: CommitSha): Promise<CommitComparison | null>
  readonly traffic: Pick<TrafficWatch, 'latest' | 'after' | 'onLook' | 'lastHour'>
  system(): Promise<Omit<SystemJson, 'version'>>
  doctor(): Promise<DoctorReport>
}
