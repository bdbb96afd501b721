/** The tags of an app in the order of its policy, and which of them fit it: what does not depend on history. */
import { Range } from 'semver'
import type { CommitSha } from './names.ts'
import { compilePattern, type Pattern } from './pattern.ts'
import type { Tag } from './tag.ts'
import type { TagPolicy } from './tag-policy.ts'
import type { Refusal, RuleStep, TagRule } from './tag-verdict.ts'
import {
  channelOf,
  compareText,
  compareVersions,
  readVersion,
  type VersionKey,
  versionForms,
} from './version-key.ts'

export interface RankedTag {
  readonly tag: Tag
  /** Null where the name has no version of the policy's ordering. */
  readonly key: VersionKey | null
  /** Why the policy never takes it, whatever is live. */
  readonly unfit: Refusal | null
}

export interface Ranking {
  readonly policy: TagPolicy
  /** Newest first; at the end, by name, what has no version. */
  readonly tags: readonly RankedTag[]
  readonly placeOf: ReadonlyMap<string, number>
}

export function rankTags(tags: readonly Tag[], policy: TagPolicy): Ranking {
  const compiled = compilePolicy(policy)
  const ranked = tags.map((tag) => rank(tag, compiled)).sort(compareRanked)
  return { policy, tags: ranked, placeOf: new Map(ranked.map(({ tag }, place) => [tag.name, place])) }
}

/** Newest first. Of one version, the name that sorts first goes first, as `1.0.0` does before `v1.0.0`. */
function compareRanked(a: RankedTag, b: RankedTag): number {
  if (a.key === null || b.key === null) {
    if (a.key !== b.key) return a.key === null ? 1 : -1
    return compareText(a.tag.name, b.tag.name)
  }
  return compareVersions(b.key, a.key) || compareText(a.tag.name, b.tag.name)
}

function rank(tag: Tag, compiled: CompiledPolicy): RankedTag {
  const text = versionText(tag.name, compiled)
  const key = text === null ? null : readVersion(compiled.policy.ordering, text, tag)
  for (const { check } of fitRules) {
    const outcome = check({ tag, text, key }, compiled)
    if (typeof outcome === 'object') return { tag, key, unfit: outcome }
  }
  return { tag, key, unfit: null }
}

/** Every rule of fitness, one by one, with why the tag passes or does not. */
export function explainFitness(tag: Tag, policy: TagPolicy): RuleStep[] {
  const compiled = compilePolicy(policy)
  const text = versionText(tag.name, compiled)
  const key = text === null ? null : readVersion(policy.ordering, text, tag)
  return fitRules.map(({ rule, check, unset }) => {
    const outcome = check({ tag, text, key }, compiled)
    if (typeof outcome === 'object') return { rule, outcome: 'refused', why: outcome.why }
    return { rule, outcome: unset(policy) ? 'unset' : 'passed', why: outcome }
  })
}

interface CompiledPolicy {
  readonly policy: TagPolicy
  readonly include: Pattern | null
  readonly exclude: Pattern | null
  /** With prereleases only where the range itself names one, and with all that lie in it. */
  readonly range: Range
  readonly wideRange: Range
}

function compilePolicy(policy: TagPolicy): CompiledPolicy {
  return {
    policy,
    include: policy.include === null ? null : compilePattern('include', policy.include),
    exclude: policy.exclude === null ? null : compilePattern('exclude', policy.exclude),
    range: new Range(policy.range),
    wideRange: new Range(policy.range, { includePrerelease: true }),
  }
}

/** The part of the name that is the version; null where prefix or pattern do not match. */
function versionText(name: string, { policy, include }: CompiledPolicy): string | null {
  if (!name.startsWith(policy.prefix)) return null
  if (include?.hasVersion) return include.versionIn(name)
  return name.slice(policy.prefix.length)
}

interface Candidate {
  readonly tag: Tag
  readonly text: string | null
  readonly key: VersionKey | null
}

interface FitRule {
  readonly rule: TagRule
  readonly unset: (policy: TagPolicy) => boolean
  /** @returns why it passes, or the refusal */
  readonly check: (candidate: Candidate, compiled: CompiledPolicy) => string | Refusal
}

const fitRules: readonly FitRule[] = [
  {
    rule: 'prefix',
    unset: ({ prefix }) => prefix === '',
    check({ tag }, { policy: { prefix } }) {
      if (prefix === '') return 'any name'
      if (tag.name.startsWith(prefix)) return `it begins with ${prefix}`
      return { verdict: 'other prefix', why: `it does not begin with ${prefix}` }
    },
  },
  {
    rule: 'include',
    unset: ({ include }) => include === null,
    check({ tag }, { include }) {
      if (include === null) return 'no pattern'
      if (include.matches(tag.name)) return `it matches /${include.source}/`
      return { verdict: 'not included', why: `it does not match /${include.source}/` }
    },
  },
  {
    rule: 'exclude',
    unset: ({ exclude }) => exclude === null,
    check({ tag }, { exclude }) {
      if (exclude === null) return 'no pattern'
      if (!exclude.matches(tag.name)) return `it does not match /${exclude.source}/`
      return { verdict: 'excluded', why: `excluded by /${exclude.source}/` }
    },
  },
  {
    rule: 'version',
    unset: ({ ordering }) => ordering === 'alphabetical' || ordering === 'created',
    check({ text, key }, { policy: { ordering } }) {
      const form = versionForms[ordering]
      if (text !== null && key !== null) return `"${text}" is ${form}`
      return { verdict: 'not a version', why: `${text ? `"${text}"` : 'what is left of it'} is not ${form}` }
    },
  },
  {
    rule: 'range',
    unset: ({ ordering }) => ordering !== 'semver',
    check({ key }, { policy: { range }, range: strict, wideRange }) {
      if (key?.kind !== 'semver') return 'ranges are for semver'
      if (strict.test(key.version) || wideRange.test(key.version)) return `it is in ${range}`
      return { verdict: 'not in range', why: `it is not in ${range}` }
    },
  },
  {
    rule: 'prereleases',
    unset: ({ ordering }) => ordering !== 'semver' && ordering !== 'calver',
    check({ key }, { policy: { prereleases, range }, range: strict }) {
      const channel = key && channelOf(key)
      if (channel === null) return 'it is no prerelease'
      if (prereleases === 'allow') return 'prereleases are allowed'
      if (key?.kind === 'semver' && strict.test(key.version))
        return `${range} names prereleases of this version`
      if (prereleases === `channel:${channel}`) return `it is of the channel ${channel}`
      const wanted = prereleases === 'never' ? 'no prereleases' : `prereleases of ${prereleases} only`
      return {
        verdict: 'prerelease',
        why: `a prerelease${channel ? ` (${channel})` : ''}; the policy takes ${wanted}`,
      }
    },
  },
  {
    rule: 'annotated',
    unset: ({ requireAnnotated }) => !requireAnnotated,
    check({ tag }, { policy }) {
      if (tag.annotated) return 'it is annotated'
      if (!policy.requireAnnotated) return 'it need not be annotated'
      return {
        verdict: 'not annotated',
        why: 'a lightweight tag; the policy takes annotated ones (git tag -a)',
      }
    },
  },
]

/** What a deployment of the tag would be of: a policy that follows moves goes by where it points now. */
export function commitToDeploy(tag: Tag, policy: TagPolicy): CommitSha {
  return policy.onMove === 'redeploy' ? tag.pointsAt : tag.commit
}
