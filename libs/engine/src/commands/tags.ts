/** What the policy says of an app's tags, and what another one would say. */
import {
  type Decision,
  explainVerdict,
  type JudgedTag,
  parseTagName,
  parseTagPolicy,
  quote,
  type RuleStep,
  type TagPolicy,
  TagshipError,
  verdictAt,
} from '@tagship/domain'
import { decideByRecords } from '../choose-tag.ts'
import type { AppRecord, CommandPorts, TagObservation } from '../ports.ts'

/** Tags with their verdicts, newest first; `after` is the last one of the page before. */
export async function listVerdicts(
  ports: CommandPorts,
  app: AppRecord,
  { after, limit }: { readonly after?: string | undefined; readonly limit: number },
): Promise<JudgedTag[]> {
  const decision = await decideByRecords(ports, app, await ports.store.listTags(app.id))
  const { tags, placeOf } = decision.ranking
  const first = after === undefined ? 0 : (placeOf.get(after) ?? tags.length) + 1
  const count = Math.max(0, Math.min(limit, tags.length - first))
  return Array.from({ length: count }, (_, index) => verdictAt(decision, first + index))
}

/** Of the tags of these names, as far as they were seen. */
export async function verdictsOf(
  ports: CommandPorts,
  app: AppRecord,
  names: Iterable<string>,
): Promise<JudgedTag[]> {
  const decision = await decideByRecords(ports, app, await ports.store.listTags(app.id))
  const places = [...names].flatMap((name) => decision.ranking.placeOf.get(name) ?? [])
  return places.sort((a, b) => a - b).map((place) => verdictAt(decision, place))
}

export interface ExplainedTag extends JudgedTag {
  readonly steps: readonly RuleStep[]
  readonly observations: readonly TagObservation[]
}

/** The way to a tag's verdict, rule by rule, and every sight of it. @throws tag.invalid, tag.notFound */
export async function explainTag(ports: CommandPorts, app: AppRecord, name: string): Promise<ExplainedTag> {
  const tag = parseTagName(name)
  const decision = await decideByRecords(ports, app, await ports.store.listTags(app.id))
  const place = decision.ranking.placeOf.get(tag)
  if (place === undefined) throw new TagshipError('tag.notFound', `${app.name} has no tag ${quote(tag)}`)
  return {
    ...verdictAt(decision, place),
    steps: explainVerdict(decision, place),
    observations: await ports.store.tagObservations(app.id, tag),
  }
}

/** Tags that would fit, and are blocked because they moved. One that is older than what is live has nothing to tell any more. */
export async function movedTags(ports: CommandPorts, app: AppRecord): Promise<JudgedTag[]> {
  const decision = await decideByRecords(ports, app, await ports.store.listTags(app.id))
  const { tags, placeOf } = decision.ranking
  const end = decision.context.live?.tag ? placeOf.get(decision.context.live.tag) : undefined
  const newer = tags.slice(0, end === undefined ? tags.length : end + 1)
  return newer
    .flatMap(({ tag, unfit }, place) => (tag.movedTo && !unfit ? [verdictAt(decision, place)] : []))
    .filter(({ verdict }) => verdict === 'moved')
}

/** What a policy makes of the tags that were seen. */
export interface PolicyTrial {
  readonly policy: TagPolicy
  readonly seen: number
  readonly fit: number
  /** What would be deployed by itself next; `maybe`: where git finds nothing against it. */
  readonly next: { readonly tag: string; readonly maybe: boolean } | null
  readonly changed: number
  /** Those whose verdict is another one than by the present policy: the newest, and only some of many. */
  readonly changes: readonly { readonly before: JudgedTag; readonly after: JudgedTag }[]
}

const mostChanges = 100

/** Changes nothing, and asks no repository. @throws policy.invalid, tagRange.invalid */
export async function tryPolicy(ports: CommandPorts, app: AppRecord, input: unknown): Promise<PolicyTrial> {
  const policy = parseTagPolicy(input, app.policy)
  const tags = await ports.store.listTags(app.id)
  const before = await decideByRecords(ports, app, tags)
  const after = await decideByRecords(ports, { ...app, policy }, tags, policy)
  return compareDecisions(before, after)
}

function compareDecisions(before: Decision, after: Decision): PolicyTrial {
  const { policy, tags } = after.ranking
  const changes = tags.flatMap(({ tag }, place) => {
    const now = verdictAt(after, place)
    const then = verdictAt(before, before.ranking.placeOf.get(tag.name) ?? -1)
    return now.verdict === then.verdict ? [] : [{ before: then, after: now }]
  })
  const next = after.chosen ?? after.missing?.tag ?? null
  return {
    policy,
    seen: tags.length,
    fit: tags.filter(({ unfit }) => unfit === null).length,
    next: next && { tag: next.name, maybe: after.chosen === null },
    changed: changes.length,
    changes: changes.slice(0, mostChanges),
  }
}
