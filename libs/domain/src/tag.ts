/** A git tag as it was observed (DESIGN §1). */
import type { CommitSha, TagName } from './names.ts'

export interface ObservedTag {
  readonly name: TagName
  /** What the ref points at: the tag object of an annotated tag, else the commit itself. */
  readonly refSha: string
  /** The commit in the end. */
  readonly commit: CommitSha
  readonly annotated: boolean
}

/** An observed tag with what Tagship remembers of it. */
export interface Tag extends ObservedTag {
  readonly firstSeenAt: Date
  /** Part of the first sight of the repository: never deployed by itself, but for the one chosen then. */
  readonly baseline: boolean
  /** The commit that it pointed at later, where it moved; the tag is blocked from then on. */
  readonly movedTo: string | null
  readonly deletedAt: Date | null
}
