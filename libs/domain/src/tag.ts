/** A git tag as it was observed (DESIGN §1). */
import type { CommitSha, TagName } from './names.ts'

/** Who made an annotated tag, by its own words: git checks none of it. */
export interface Tagger {
  readonly name: string
  readonly email: string
}

export interface ObservedTag {
  readonly name: TagName
  /** What the ref points at: the tag object of an annotated tag, else the commit itself. */
  readonly refSha: string
  /** The commit in the end. */
  readonly commit: CommitSha
  readonly annotated: boolean
  /** Where the tag object was at hand: the list of a remote's tags does not tell it. */
  readonly tagger?: Tagger | null
  /** When an annotated tag was made, else when its commit was; where it was at hand. */
  readonly createdAt?: Date | null
}

/** An observed tag with what Tagship remembers of it. */
export interface Tag {
  readonly name: TagName
  /** What the ref points at now, or pointed at last. */
  readonly refSha: string
  /** The commit in the end, when the tag was first seen. */
  readonly commit: CommitSha
  /** The commit in the end, now. */
  readonly pointsAt: CommitSha
  readonly annotated: boolean
  readonly tagger: Tagger | null
  readonly createdAt: Date | null
  readonly firstSeenAt: Date
  /** Part of the first sight of the repository. */
  readonly baseline: boolean
  /** The commit that it pointed at last where it moved, also where it has moved back since. */
  readonly movedTo: string | null
  readonly deletedAt: Date | null
}
