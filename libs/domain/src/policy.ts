/**
 * Which tag is deployed by itself, and why not each of the others (DESIGN §1, tag policy). Pure, and blind to the
 * order of arrival: the same tags with the same history always give the same choice.
 */
import type { CommitSha, TagName } from './names.ts'
import { commitToDeploy, explainFitness, type RankedTag, type Ranking, rankTags } from './ranking.ts'
import type { Tag } from './tag.ts'
import type { TagPolicy } from './tag-policy.ts'
import type { Refusal, RuleStep, TagRule, TagVerdict } from './tag-verdict.ts'
import { compareVersions, isSameVersion } from './version-key.ts'

export interface JudgedTag {
  readonly tag: Tag
  readonly verdict: TagVerdict
  /** The rule behind the verdict, for a person. */
  readonly why: string
}

/** How the last deployment of a tag has ended. */
export type TagAttempt = 'underWay' | 'served' | 'failed' | 'canceled' | 'rolledBack'

export interface TagHistory {
  readonly last: TagAttempt
  /** Of every commit that was deployed under the tag's name. */
  readonly commits: ReadonlySet<string>
}

/** What only git can tell of a tag; found out for the one that would be chosen, and kept. */
export interface TagFinding {
  readonly tag: TagName
  readonly kind: 'signature' | 'paths'
  readonly refSha: string
  readonly commit: CommitSha
  /** What was asked: with another question the finding says nothing. See `basisOf`. */
  readonly basis: string
  readonly outcome: 'passed' | 'unsigned' | 'wrong signature' | 'nothing changed'
  readonly why: string
}

/** What is known of the app when its tags are judged. */
export interface PolicyContext {
  /** Tags of the first sight are never deployed by themselves. */
  readonly fromNext: boolean
  readonly onHold: boolean
  /** What serves; its tag is null where a commit was deployed by hand. */
  readonly live: { readonly tag: TagName | null; readonly commit: CommitSha } | null
  /** Tags with a deployment, by name. */
  readonly attempted: ReadonlyMap<string, TagHistory>
  readonly findings: readonly TagFinding[]
}

/** A fact that is missing: until it is found out, nothing is chosen. */
export interface MissingFact {
  readonly kind: TagFinding['kind']
  readonly tag: Tag
  readonly commit: CommitSha
  readonly basis: string
}

/** What a look at all tags comes to. */
export interface Decision {
  readonly ranking: Ranking
  readonly context: PolicyContext
  /** The tag to deploy next by itself. */
  readonly chosen: Tag | null
  readonly missing: MissingFact | null
  /** The one that keeps those after it from being chosen, and its verdict. */
  readonly head: { readonly place: number; readonly refusal: Refusal } | null
  readonly marks: Marks
}

/** More tags than this are not fetched in a search for one that is signed. */
export const mostExamined = 20

/** Tags come newest first; the first that nothing speaks against is chosen, or keeps the older ones from it. */
export function decide(ranking: Ranking, context: PolicyContext): Decision {
  const judgement = { ranking, context, marks: marksOf(ranking, context) }
  let examined = 0
  for (const [place, ranked] of ranking.tags.entries()) {
    const refusal = ownRefusal(ranked, judgement)
    if (refusal && refusal.verdict !== 'under way') continue
    const head = refusal ?? (context.onHold ? onHold : examined < mostExamined ? null : notLookedAt)
    if (head) return { ...judgement, chosen: null, missing: null, head: { place, refusal: head } }
    const found = examine(ranked.tag, judgement)
    if (found.passes) {
      const chosen = { verdict: 'chosen', why: newestWords(ranking.policy) } as const
      return { ...judgement, chosen: ranked.tag, missing: null, head: { place, refusal: chosen } }
    }
    if (found.stops)
      return { ...judgement, chosen: null, missing: found.missing, head: { place, refusal: found } }
    examined += 1
  }
  return { ...judgement, chosen: null, missing: null, head: null }
}

/** The verdict on the tag at a place of the ranking. */
export function verdictAt(decision: Decision, place: number): JudgedTag {
  const ranked = decision.ranking.tags[place]
  if (!ranked) throw new RangeError(`the ranking has no place ${place}`)
  return { tag: ranked.tag, ...refusalAt(decision, ranked, place) }
}

function refusalAt(decision: Decision, ranked: RankedTag, place: number): Refusal {
  const own = ownRefusal(ranked, decision)
  if (own) return own
  const { head } = decision
  if (head?.place === place) return head.refusal
  if (head && head.place < place) return olderThan(decision, head.place)
  const found = examine(ranked.tag, decision)
  return found.passes ? { verdict: 'to be checked', why: 'it is checked at the next look' } : found
}

function olderThan({ ranking, head }: Decision, place: number): Refusal {
  const newer = ranking.tags[place]?.tag.name ?? 'another'
  return {
    verdict: 'older than chosen',
    why: `${newer} is newer${head ? `, and ${head.refusal.verdict}` : ''}`,
  }
}

/** Every tag with its verdict, newest first; at most one is `chosen`. */
export function judgeTags(tags: readonly Tag[], policy: TagPolicy, context: PolicyContext): JudgedTag[] {
  const decision = decide(rankTags(tags, policy), context)
  return decision.ranking.tags.map((_, place) => verdictAt(decision, place))
}

/** The tag to deploy next by itself, or null: also where a fact is missing that only git can tell. */
export function chooseTag(tags: readonly Tag[], policy: TagPolicy, context: PolicyContext): Tag | null {
  return decide(rankTags(tags, policy), context).chosen
}

/** Every rule, in the order in which they are asked, and what each says of the tag. */
export function explainVerdict(decision: Decision, place: number): RuleStep[] {
  const ranked = decision.ranking.tags[place]
  if (!ranked) throw new RangeError(`the ranking has no place ${place}`)
  const { policy } = decision.ranking
  const own = [
    ...stepsOf(presence, ranked, decision),
    ...explainFitness(ranked.tag, policy),
    ...stepsOf(historyRules, ranked, decision),
  ]
  const refused = own.some(({ outcome }) => outcome === 'refused')
  return [...own, ...stepsOf(choiceRules(place), ranked, decision, refused)]
}

// --- what history says --------------------------------------------------------------------------

interface Judgement {
  readonly ranking: Ranking
  readonly context: PolicyContext
  readonly marks: Marks
}

/** The newest of those that nothing older may follow. */
interface Marks {
  readonly live: RankedTag | null
  /** Of the tags that fit the policy and were deployed, however that ended. */
  readonly deployed: RankedTag | null
  /** Of the tags that fit the policy and were there from the first, where the app begins with the next one. */
  readonly first: RankedTag | null
}

function marksOf({ tags, placeOf }: Ranking, { live, attempted, fromNext }: PolicyContext): Marks {
  const at = (name: string) => tags[placeOf.get(name) ?? -1] ?? null
  const deployed = [...attempted].filter(([, { last }]) => last !== 'underWay').map(([name]) => at(name))
  const isMark = (ranked: RankedTag | null) => ranked !== null && ranked.unfit === null
  return {
    live: live?.tag ? at(live.tag) : null,
    deployed: deployed.filter(isMark).reduce(newerOf, null),
    first: fromNext ? (tags.find((ranked) => ranked.tag.baseline && isMark(ranked)) ?? null) : null,
  }
}

function newerOf(a: RankedTag | null, b: RankedTag | null): RankedTag | null {
  if (!a?.key || !b?.key) return a?.key ? a : b
  return compareVersions(a.key, b.key) >= 0 ? a : b
}

/** What speaks against the tag itself, whichever others there are. */
function ownRefusal(ranked: RankedTag, judgement: Judgement): Refusal | null {
  return refusalBy(presence, ranked, judgement) ?? ranked.unfit ?? refusalBy(historyRules, ranked, judgement)
}

function refusalBy(rules: readonly JudgementRule[], ranked: RankedTag, judgement: Judgement): Refusal | null {
  for (const { check, unset } of rules) {
    if (unset?.(judgement)) continue
    const outcome = check(ranked, judgement)
    if (typeof outcome === 'object') return outcome
  }
  return null
}

interface JudgementRule {
  readonly rule: TagRule
  /** Why it has nothing to ask; null where it has. */
  readonly unset?: (judgement: Judgement) => string | null
  /** @returns why it passes, or the refusal */
  readonly check: (ranked: RankedTag, judgement: Judgement) => string | Refusal
}

function stepsOf(
  rules: readonly JudgementRule[],
  ranked: RankedTag,
  judgement: Judgement,
  skip = false,
): RuleStep[] {
  let skipped = skip
  return rules.map(({ rule, check, unset }) => {
    if (skipped) return { rule, outcome: 'skipped', why: 'another rule has refused it' }
    const nothingToAsk = unset?.(judgement)
    if (nothingToAsk) return { rule, outcome: 'unset', why: nothingToAsk }
    const outcome = check(ranked, judgement)
    if (typeof outcome === 'string') return { rule, outcome: 'passed', why: outcome }
    // A choice is made once: what comes after the one that decides is not asked.
    if (choices.has(rule)) skipped = true
    return { rule, outcome: 'refused', why: outcome.why }
  })
}

const presence: readonly JudgementRule[] = [
  {
    rule: 'present',
    check: ({ tag }) =>
      tag.deletedAt
        ? { verdict: 'deleted', why: 'the tag is no longer in the repository' }
        : 'it is in the repository',
  },
]

const attempts = {
  underWay: { verdict: 'under way', why: 'its deployment is under way' },
  served: { verdict: 'deployed before', why: 'it has served before' },
  failed: { verdict: 'failed before', why: 'its deployment failed; tagship deploy tries it again' },
  canceled: { verdict: 'canceled before', why: 'its deployment was canceled; tagship deploy tries it again' },
  rolledBack: { verdict: 'rolled back', why: 'it has served and was rolled back' },
} as const satisfies Record<TagAttempt, Refusal>

const historyRules: readonly JudgementRule[] = [
  {
    rule: 'moved',
    check({ tag }, { ranking: { policy } }) {
      if (!tag.movedTo) return 'it never moved'
      const way = `it pointed at ${short(tag.commit)}, then at ${short(tag.movedTo)}`
      if (policy.onMove === 'block') return { verdict: 'moved', why: way }
      return policy.onMove === 'ignore'
        ? `${way}; the policy goes by the first`
        : `${way}; the policy goes by where it points now, ${short(tag.pointsAt)}`
    },
  },
  {
    rule: 'tried',
    check({ tag }, { ranking: { policy }, context: { live, attempted } }) {
      const commit = commitToDeploy(tag, policy)
      const follows = policy.onMove === 'redeploy'
      if (tag.name === live?.tag && !(follows && commit !== live.commit))
        return { verdict: 'live', why: 'it serves' }
      const history = attempted.get(tag.name)
      if (!history) return 'it was never deployed'
      if (follows && !history.commits.has(commit)) return `it was never deployed at ${short(commit)}`
      return attempts[history.last]
    },
  },
  {
    rule: 'newer than live',
    unset: ({ context: { live } }) => (live?.tag ? null : 'no tag is live'),
    check(ranked, { marks }) {
      const refusal = refuseOlder(ranked, marks.live)
      const name = marks.live?.tag.name ?? 'what is live'
      if (refusal === 'older') return { verdict: 'older than live', why: `${name} is newer and live` }
      if (refusal === 'same')
        return { verdict: 'older than live', why: `the same version as ${name}, which is live` }
      return marks.live?.key ? `it is newer than ${name}` : `${name}, which is live, has no such version`
    },
  },
  {
    rule: 'newer than deployed',
    check(ranked, { marks: { deployed } }) {
      const name = deployed?.tag.name ?? ''
      const refusal = refuseOlder(ranked, deployed)
      if (refusal === null) return deployed ? `it is newer than ${name}` : 'no tag that fits was deployed yet'
      const how = refusal === 'older' ? `${name} is newer` : `${name} is the same version`
      return { verdict: 'older than deployed', why: `${how}, and was deployed before` }
    },
  },
  {
    rule: 'from next',
    unset: ({ context: { fromNext } }) => (fromNext ? null : 'the app takes tags of its first sight as well'),
    check(ranked, { marks: { first } }) {
      if (ranked.tag.baseline) {
        return {
          verdict: 'older than first seen',
          why: 'it was there when the app was added, which begins with the next one',
        }
      }
      if (refuseOlder(ranked, first) === null) return 'it came after the app was added'
      return {
        verdict: 'older than first seen',
        why: `${first?.tag.name} was there when the app was added, and is no older`,
      }
    },
  },
]

function refuseOlder({ tag, key }: RankedTag, mark: RankedTag | null): 'older' | 'same' | null {
  if (!mark?.key || !key || mark.tag.name === tag.name) return null
  if (isSameVersion(key, mark.key)) return 'same'
  return compareVersions(key, mark.key) < 0 ? 'older' : null
}

// --- what the others and git say ----------------------------------------------------------------

const onHold: Refusal = { verdict: 'on hold', why: 'auto-deploy is paused; tagship resume lifts it' }
const notLookedAt: Refusal = {
  verdict: 'not looked at',
  why: `none of the ${mostExamined} newest that fit is signed as it has to be`,
}

const choices: ReadonlySet<TagRule> = new Set(['newest', 'hold', 'signature', 'paths'])

/** Asked only of a tag that nothing speaks against by itself. */
function choiceRules(place: number): readonly JudgementRule[] {
  const ofFinding = (kind: TagFinding['kind']) => (ranked: RankedTag, judgement: Judgement) => {
    const fact = factOf(kind, ranked.tag, judgement)
    if (!fact.finding) return { verdict: 'to be checked', why: unknownWords[kind] } as const
    return fact.finding.outcome === 'passed'
      ? fact.finding.why
      : { verdict: fact.finding.outcome, why: fact.finding.why }
  }
  return [
    {
      rule: 'newest',
      check(_, judgement) {
        const { head, ...others } = decide(judgement.ranking, judgement.context)
        if (head && head.place < place) return olderThan({ ...others, head }, head.place)
        return 'no newer tag stands before it'
      },
    },
    { rule: 'hold', check: (_, { context }) => (context.onHold ? onHold : 'the app is not on hold') },
    {
      rule: 'signature',
      unset: ({ ranking }) => (ranking.policy.verify === 'none' ? 'the policy asks for none' : null),
      check: ofFinding('signature'),
    },
    {
      rule: 'paths',
      unset: ({ ranking, context }) => {
        if (ranking.policy.paths.length === 0) return 'every tag counts, whatever it changed'
        return context.live ? null : 'nothing is live that it could be compared with'
      },
      check: ofFinding('paths'),
    },
  ]
}

const unknownWords = {
  signature: 'its signature is checked when its turn comes',
  paths: 'what it changed is looked up when its turn comes',
} as const satisfies Record<TagFinding['kind'], string>

type Examined =
  | { readonly passes: true }
  | ({ readonly passes: false; readonly stops: boolean; readonly missing: MissingFact | null } & Refusal)

/**
 * What git has told of the tag. One that is not signed as it has to be is passed over for an older one. One that
 * changed nothing is not: with it, what is live is as new as it can be.
 */
function examine(tag: Tag, judgement: Judgement): Examined {
  for (const kind of ['signature', 'paths'] as const) {
    const { asked, missing, finding } = factOf(kind, tag, judgement)
    if (!asked) continue
    if (!finding)
      return { passes: false, stops: true, missing, verdict: 'to be checked', why: unknownWords[kind] }
    if (finding.outcome === 'passed') continue
    const { outcome: verdict, why } = finding
    return { passes: false, stops: verdict === 'nothing changed', missing: null, verdict, why }
  }
  return { passes: true }
}

function factOf(kind: TagFinding['kind'], tag: Tag, { ranking: { policy }, context }: Judgement) {
  const commit = commitToDeploy(tag, policy)
  const basis = basisOf(kind, policy, context)
  const finding = context.findings.find(
    (one) =>
      one.tag === tag.name &&
      one.kind === kind &&
      one.refSha === tag.refSha &&
      one.commit === commit &&
      one.basis === basis,
  )
  const missing = basis === null ? null : { kind, tag, commit, basis }
  return { asked: basis !== null, finding: finding ?? null, missing }
}

/** The question that a finding answers; null where the policy does not ask. Without anything live every tag is news. */
export function basisOf(
  kind: TagFinding['kind'],
  policy: TagPolicy,
  { live }: Pick<PolicyContext, 'live'>,
): string | null {
  if (kind === 'signature') return policy.verify === 'none' ? null : policy.verify
  return policy.paths.length === 0 || !live ? null : `${live.commit} ${policy.paths.join(' ')}`
}

function newestWords({ ordering, range }: TagPolicy): string {
  if (ordering === 'semver') return `the newest version in ${range}`
  return ordering === 'created' ? 'the one that was made last' : `the newest, by ${ordering} order`
}

function short(commit: string): string {
  return commit.slice(0, 7)
}
