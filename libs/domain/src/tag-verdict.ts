/** What a policy can say of a tag, and by which rules it comes to say it (docs/guides/tags.md has the same lists). */

export const tagVerdicts = [
  'chosen',
  'live',
  'under way',
  'on hold',
  'to be checked',
  'deleted',
  'other prefix',
  'not included',
  'excluded',
  'not a version',
  'not in range',
  'prerelease',
  'not annotated',
  'moved',
  'failed before',
  'canceled before',
  'rolled back',
  'deployed before',
  'older than live',
  'older than deployed',
  'older than first seen',
  'older than chosen',
  'unsigned',
  'wrong signature',
  'nothing changed',
  'not looked at',
] as const
export type TagVerdict = (typeof tagVerdicts)[number]

/** In the order in which they are asked. */
export const tagRules = [
  'present',
  'prefix',
  'include',
  'exclude',
  'version',
  'range',
  'prereleases',
  'annotated',
  'moved',
  'tried',
  'newer than live',
  'newer than deployed',
  'from next',
  'newest',
  'hold',
  'signature',
  'paths',
] as const
export type TagRule = (typeof tagRules)[number]

export interface Refusal {
  readonly verdict: TagVerdict
  /** The rule behind the verdict, for a person. */
  readonly why: string
}

/** One rule of the way to a verdict. */
export interface RuleStep {
  readonly rule: TagRule
  /** `unset`: the policy does not ask for it. `skipped`: another rule has refused the tag before. */
  readonly outcome: 'passed' | 'refused' | 'unset' | 'skipped'
  readonly why: string
}
