/** Tags out of what git prints: `git ls-remote --tags` and `git for-each-ref`. */
import { type ObservedTag, parseCommitSha, parseTagName, quote, toTagshipError } from '@tagship/domain'

/** A tag that Tagship cannot deploy, and why. */
export interface RefusedTag {
  /** As git printed it: print it with `quote`. */
  readonly name: string
  readonly reason: string
}

export interface TagList {
  readonly tags: ObservedTag[]
  readonly refused: RefusedTag[]
}

interface TagRef {
  readonly name: string
  readonly refSha: string
  /** What it points at in the end, where that is another object. */
  readonly peeled: string | null
}

const lsRemoteLine = /^([0-9a-f]{40}|[0-9a-f]{64})\trefs\/tags\/(.+?)(\^\{\})?$/

/** Columns of `git for-each-ref --format`; names of refs have no spaces. */
export const forEachRefFormat =
  '%(objectname) %(objecttype) %(*objectname) %(*objecttype) %(refname:lstrip=2)'

/** Lines may come in any order; `NAME^{}` is what the annotated tag NAME points at in the end. */
export function parseLsRemote(output: string): TagList {
  const refs = new Map<string, string>()
  const peeled = new Map<string, string>()
  for (const line of output.split(/\r?\n/)) {
    const [, sha, name, peel] = lsRemoteLine.exec(line) ?? []
    if (sha && name) (peel ? peeled : refs).set(name, sha)
  }
  return tagList([...refs].map(([name, refSha]) => ({ name, refSha, peeled: peeled.get(name) ?? null })))
}

/** A tag of a repository of our own, of which git knows the type. */
export interface TypedTagRef extends TagRef {
  /** Of the object in `peeled`, or else in `refSha`; `tag` where one tag points at another. */
  readonly type: string
}

export function parseForEachRef(output: string): TypedTagRef[] {
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [refSha = '', type = '', peeled, peeledType, name = ''] = line.split(' ')
      return { name, refSha, peeled: peeled || null, type: peeledType || type }
    })
}

/** Sorts out what cannot be deployed: names that are not allowed, and objects that are no commits. */
export function tagList(refs: readonly (TagRef | TypedTagRef)[]): TagList {
  const list: TagList = { tags: [], refused: [] }
  for (const ref of refs) {
    const reason = problemOf(ref)
    if (reason) list.refused.push({ name: ref.name, reason })
    else list.tags.push(observed(ref))
  }
  return list
}

function problemOf(ref: TagRef | TypedTagRef): string | null {
  if ('type' in ref && ref.type !== 'commit') return `it points at a ${ref.type}, not at a commit`
  if (ref.refSha.length !== 40) return 'its repository uses SHA-256 object names, which are not supported'
  // git's output is read as UTF-8: what is not, would never be found again by its name.
  if (ref.name.includes('\ufffd')) return `${quote(ref.name)} is not valid UTF-8`
  try {
    parseTagName(ref.name)
    return null
  } catch (error) {
    return toTagshipError(error).message
  }
}

function observed(ref: TagRef): ObservedTag {
  return {
    name: parseTagName(ref.name),
    refSha: ref.refSha,
    commit: parseCommitSha(ref.peeled ?? ref.refSha),
    annotated: ref.peeled !== null,
  }
}
