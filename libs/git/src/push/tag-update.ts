/** What a push wants to do to a tag, and what is said to it. */
import {
  type CommitSha,
  parseCommitSha,
  parseTagName,
  quote,
  type TagName,
  toTagshipError,
} from '@tagship/domain'

export interface PushedTag {
  readonly name: TagName
  readonly commit: CommitSha
  /** The tag object of an annotated tag, else the commit itself. */
  readonly refSha: string
  readonly annotated: boolean
}

/** As the update hook saw it. */
export interface TagUpdate {
  /** Without `refs/tags/`. */
  readonly name: string
  readonly oldSha: string
  readonly oldCommit: string | null
  readonly newSha: string
  readonly newCommit: string | null
}

export type TagVerdict = { readonly tag: PushedTag } | { readonly refusal: string }

/** A tag is pushed once: it is never moved and never deleted, because history points at it. */
export function judge(update: TagUpdate): TagVerdict {
  const { name, oldSha, oldCommit, newSha, newCommit } = update
  const label = quote(name).slice(1, -1)
  if (!isNothing(oldSha)) {
    const exists = `${label} exists and points at ${(oldCommit ?? oldSha).slice(0, 7)}`
    if (isNothing(newSha)) return { refusal: `${exists}; a tag is never deleted: releases were made from it` }
    return { refusal: `${exists}; a tag is never moved: push a new one` }
  }
  if (!newCommit)
    return { refusal: `${label} does not point at a commit: tag a commit (git tag NAME COMMIT)` }
  // What the hooks say is read as UTF-8: what is not, would never be found again by its name.
  if (name.includes('\ufffd')) return { refusal: `${label} is not valid UTF-8` }
  try {
    const commit = parseCommitSha(newCommit)
    return { tag: { name: parseTagName(name), commit, refSha: newSha, annotated: newSha !== newCommit } }
  } catch (error) {
    return { refusal: toTagshipError(error).message }
  }
}

function isNothing(sha: string): boolean {
  return /^0+$/.test(sha)
}
