/** Tags and contexts for the tests of the policy. */
import {
  decide,
  type PolicyContext,
  parseCommitSha,
  parseTagName,
  parseTagPolicy,
  rankTags,
  type Tag,
  type TagAttempt,
  type TagHistory,
  type TagPolicy,
  type TagPolicyInput,
  verdictAt,
} from '../src/index.ts'

export const commitOf = (letter: string) => parseCommitSha(letter.repeat(40))

export const tag = (name: string, more: Partial<Tag> = {}): Tag => ({
  name: parseTagName(name),
  refSha: '0'.repeat(40),
  commit: commitOf('a'),
  pointsAt: more.commit ?? commitOf('a'),
  annotated: false,
  tagger: null,
  createdAt: null,
  firstSeenAt: new Date(0),
  baseline: false,
  movedTo: null,
  deletedAt: null,
  ...more,
})

export const moved = (name: string, to = 'b'): Tag =>
  tag(name, { pointsAt: commitOf(to), movedTo: commitOf(to) })

export const policy = (input: TagPolicyInput = {}): TagPolicy => parseTagPolicy(input)

export const context = (more: Partial<PolicyContext> = {}): PolicyContext => ({
  fromNext: false,
  onHold: false,
  live: null,
  attempted: new Map(),
  findings: [],
  ...more,
})

export const live = (name: string | null, letter = 'a') => ({
  tag: name === null ? null : parseTagName(name),
  commit: commitOf(letter),
})

/** By name: how the last deployment has ended, of the commit `a`. */
export function attempts(outcomes: Readonly<Record<string, TagAttempt>>): Map<string, TagHistory> {
  const commits = new Set<string>([commitOf('a')])
  return new Map(Object.entries(outcomes).map(([name, last]) => [name, { last, commits }]))
}

export function verdicts(tags: readonly Tag[], rules: TagPolicyInput, about: PolicyContext) {
  const decision = decide(rankTags(tags, policy(rules)), about)
  const judged = decision.ranking.tags.map((_, place) => verdictAt(decision, place))
  return Object.fromEntries(judged.map(({ tag: { name }, verdict }) => [name, verdict]))
}
