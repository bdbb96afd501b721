import {
  type CommitSha,
  commitToDeploy,
  type Decision,
  type Deployment,
  type JudgedTag,
  parseCommitSha,
  parseTagName,
  quote,
  type Tag,
  type TagName,
  TagshipError,
  type TagVerdict,
  verdictAt,
} from '@tagship/domain'
import { checkSignature, decideByRecords, decideWithGit, fetchTag } from '../choose-tag.ts'
import { observeTags } from '../poll-tags.ts'
import type { AppRecord, CommandPorts } from '../ports.ts'

export interface Asked {
  readonly actor: string
  readonly reason: string | null
  /** Of the deployment that comes of it: asked for again, because the answer got lost, it is the same one. */
  readonly id?: string | undefined
}

export interface Deployed {
  readonly deployment: Deployment
  /** Why the policy would not have deployed it by itself. */
  readonly warnings: readonly string[]
}

interface Target {
  readonly commit: CommitSha
  readonly tag: Tag | null
  readonly warnings: readonly string[]
}

/**
 * Deploys a tag (or a full commit SHA) now; with neither, the tag that the policy chooses. What the policy would pass
 * over is deployed all the same, with a warning; what is not signed as it has to be, and a tag that moved, are not.
 * @throws tag.*, git.*, app.onHold where the choice is left to the policy
 */
export async function deploy(
  ports: CommandPorts,
  app: AppRecord,
  what: { readonly tag?: string | undefined; readonly commit?: string | undefined },
  asked: Asked,
): Promise<Deployed> {
  const present = asked.id === undefined ? null : await ports.store.deploymentById(asked.id)
  if (present) return { deployment: present, warnings: [] }
  const { commit, tag, warnings } = what.commit
    ? { commit: parseCommitSha(what.commit), tag: null, warnings: [byCommit] }
    : await resolveTag(ports, app, what.tag)
  await fetchAllowed(ports, app, tag, commit)
  const deployment = await ports.store.createDeployment({
    id: asked.id,
    app,
    trigger: 'manual',
    actor: asked.actor,
    reason: asked.reason,
    what: { kind: 'commit', commit, tag: tag?.name ?? null },
  })
  if (!deployment) throw new TagshipError('internal', 'a deployment that was asked for was not made')
  return { deployment, warnings }
}

const byCommit = 'the policy deploys tags only: a commit is never deployed by itself'

/** Who may deploy must not get past who says which signatures count. @throws git.*, tag.*, signature.refused */
async function fetchAllowed(
  { source }: CommandPorts,
  app: AppRecord,
  tag: Tag | null,
  commit: CommitSha,
): Promise<void> {
  const repository = { app: app.name, url: app.repoUrl }
  await (tag ? fetchTag(source, app, tag, commit) : source.fetchCommit(repository, commit, null))
  const { outcome, why } = await checkSignature(source, app, tag, commit)
  if (outcome === 'passed') return
  const name = tag ? quote(tag.name) : commit
  throw new TagshipError(
    'signature.refused',
    `${name} is ${outcome === 'unsigned' ? 'unsigned' : 'wrongly signed'}: ${why}`,
  )
}

async function resolveTag(ports: CommandPorts, app: AppRecord, asked: string | undefined): Promise<Target> {
  const name = asked === undefined ? null : parseTagName(asked)
  const tags = await observeTags(ports, app)
  return name === null ? chooseByPolicy(ports, app, tags) : takeTag(ports, app, tags, name)
}

async function takeTag(
  ports: CommandPorts,
  app: AppRecord,
  tags: readonly Tag[],
  name: TagName,
): Promise<Target> {
  const decision = await decideByRecords(ports, app, tags)
  const place = decision.ranking.placeOf.get(name)
  const judged = place === undefined ? null : verdictAt(decision, place)
  if (!judged || judged.tag.deletedAt) {
    throw new TagshipError('tag.notFound', `${app.name} has no tag ${quote(name)}`)
  }
  const { tag } = judged
  if (tag.movedTo && app.policy.onMove === 'block') {
    throw new TagshipError(
      'tag.moved',
      `${quote(name)} pointed at ${tag.commit.slice(0, 7)} when it was first seen, then at ${tag.movedTo.slice(0, 7)}`,
    )
  }
  return { commit: commitToDeploy(tag, app.policy), tag, warnings: warningsOf(judged) }
}

/** What the policy would do by itself, or does already, needs no warning. */
const welcome: readonly TagVerdict[] = ['chosen', 'live', 'under way', 'to be checked']

function warningsOf({ tag, verdict, why }: JudgedTag): string[] {
  if (welcome.includes(verdict)) return []
  return [`the policy would not deploy ${tag.name} by itself: ${verdict} (${why})`]
}

async function chooseByPolicy(ports: CommandPorts, app: AppRecord, tags: readonly Tag[]): Promise<Target> {
  if (app.hold) throw new TagshipError('app.onHold', `${app.name} was put on hold by ${app.hold.by}`)
  const decision = await decideWithGit(ports, app, tags)
  const { chosen } = decision
  if (chosen) return { commit: commitToDeploy(chosen, app.policy), tag: chosen, warnings: [] }
  throw new TagshipError('tag.noneChosen', `${app.name}: ${whyNone(decision)}`)
}

function whyNone(decision: Decision): string {
  if (decision.ranking.tags.length === 0) return 'no tag was pushed yet'
  const { tag, verdict, why } = verdictAt(decision, decision.head?.place ?? 0)
  return `the newest, ${tag.name}, is passed over: ${verdict} (${why})`
}
