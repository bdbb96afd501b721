/**
 * Which tag is deployed (DESIGN §1, tag policy): the highest semantic version in the range. Pure, and
 * blind to the order of arrival: the same tags always give the same choice.
 */
import { compare, compareBuild, parse, type SemVer, satisfies, validRange } from 'semver'
import { TagshipError } from './errors.ts'
import { quote, type TagName } from './names.ts'
import type { Tag } from './tag.ts'

export interface TagPolicy {
  /** A semver range; `*` takes every release. Prereleases only where the range names one. */
  readonly range: string
}

export type TagVerdict =
  | 'chosen'
  | 'live'
  | 'not a version'
  | 'not in range'
  | 'prerelease'
  | 'older than live'
  | 'older than chosen'
  | 'older than first seen'
  | 'moved'
  | 'deleted'
  | 'under way'
  | 'failed before'
  | 'canceled before'
  | 'rolled back'
  | 'deployed before'
  | 'on hold'

export interface JudgedTag {
  readonly tag: Tag
  readonly verdict: TagVerdict
  /** The rule behind the verdict, for a person. */
  readonly why: string
}

/** How the last deployment of a tag has ended. */
export type TagAttempt = 'underWay' | 'served' | 'failed' | 'canceled' | 'rolledBack'

/** What is known of the app when its tags are judged. */
export interface PolicyContext {
  readonly policy: TagPolicy
  readonly onHold: boolean
  /** The newest tag that was deployed (or was tried), by version; nothing older is deployed by itself. */
  readonly liveTag: TagName | null
  /** Tags with a deployment, and how the last of them ended. */
  readonly attempted: ReadonlyMap<string, TagAttempt>
}

/** @throws tagRange.invalid */
export function parseTagPolicy(range: string): TagPolicy {
  if (validRange(range) === null) {
    throw new TagshipError('tagRange.invalid', `${quote(range)} is not a semver range`)
  }
  return { range }
}

/** The version in a tag's name: `v1.2.3`, `1.2.3`, `1.2.3-rc.1+build`; null for anything else. */
export function versionOf(name: string): SemVer | null {
  return parse(name.startsWith('v') ? name.slice(1) : name)
}

/** Newest version first; a tie (`v1.0.0` and `1.0.0`) goes to the name that sorts first. */
export function compareTags(a: string, b: string): number {
  const versionA = versionOf(a)
  const versionB = versionOf(b)
  if (versionA && versionB) {
    const order = compareBuild(versionB, versionA)
    if (order !== 0) return order
  } else if (versionA || versionB) {
    return versionA ? -1 : 1
  }
  return a < b ? -1 : a > b ? 1 : 0
}

/** Every tag with its verdict, newest version first; at most one is `chosen`. */
export function judgeTags(tags: readonly Tag[], context: PolicyContext): JudgedTag[] {
  const sorted = [...tags].sort((a, b) => compareTags(a.name, b.name))
  let chosen: string | null = null
  return sorted.map((tag) => {
    const refusal = refusalOf(tag, context)
    // What is under way was chosen, and nothing older may overtake it.
    if (refusal?.verdict === 'under way') chosen ??= tag.name
    if (refusal) return { tag, ...refusal }
    if (chosen) return { tag, verdict: 'older than chosen', why: `${chosen} is newer` }
    if (context.onHold)
      return { tag, verdict: 'on hold', why: 'auto-deploy is paused; tagship resume lifts it' }
    chosen = tag.name
    return { tag, verdict: 'chosen', why: `the newest version in ${context.policy.range}` }
  })
}

const attempts = {
  underWay: { verdict: 'under way', why: 'its deployment is under way' },
  served: { verdict: 'deployed before', why: 'it has served before' },
  failed: { verdict: 'failed before', why: 'its deployment failed; tagship deploy tries it again' },
  canceled: { verdict: 'canceled before', why: 'its deployment was canceled; tagship deploy tries it again' },
  rolledBack: { verdict: 'rolled back', why: 'it has served and was rolled back' },
} as const satisfies Record<TagAttempt, { verdict: TagVerdict; why: string }>

function refusalOf(tag: Tag, context: PolicyContext): { verdict: TagVerdict; why: string } | null {
  const { policy, liveTag, attempted } = context
  if (tag.deletedAt) return { verdict: 'deleted', why: 'the tag is no longer in the repository' }
  if (tag.movedTo)
    return {
      verdict: 'moved',
      why: `it pointed at ${tag.commit.slice(0, 7)}, then at ${tag.movedTo.slice(0, 7)}`,
    }
  const version = versionOf(tag.name)
  if (!version) return { verdict: 'not a version', why: 'the name is not a semantic version such as v1.2.3' }
  if (!satisfies(version, policy.range)) {
    return version.prerelease.length > 0
      ? { verdict: 'prerelease', why: `prereleases are not part of ${policy.range}` }
      : { verdict: 'not in range', why: `not in ${policy.range}` }
  }
  if (tag.name === liveTag) return { verdict: 'live', why: 'it serves' }
  const attempt = attempted.get(tag.name)
  if (attempt) return attempts[attempt]
  const live = liveTag ? versionOf(liveTag) : null
  if (live && compare(version, live) < 0)
    return { verdict: 'older than live', why: `${liveTag} is newer and live` }
  if (live && compare(version, live) === 0)
    return { verdict: 'older than live', why: `the same version as ${liveTag}` }
  if (tag.baseline && liveTag === null && attempted.size > 0) {
    return { verdict: 'older than first seen', why: 'it was there before the app was added' }
  }
  return null
}

/** The tag to deploy next by itself, or null. */
export function chooseTag(tags: readonly Tag[], context: PolicyContext): Tag | null {
  return judgeTags(tags, context).find(({ verdict }) => verdict === 'chosen')?.tag ?? null
}
