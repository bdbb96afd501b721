import {
  type CommitSha,
  type Deployment,
  judgeTags,
  parseCommitSha,
  parseTagName,
  quote,
  type TagName,
  TagshipError,
} from '@tagship/domain'
import { observeTags, policyContext } from '../poll-tags.ts'
import type { AppRecord, CommandPorts } from '../ports.ts'

export interface Asked {
  readonly actor: string
  readonly reason: string | null
  /** Of the deployment that comes of it: asked for again, because the answer got lost, it is the same one. */
  readonly id?: string | undefined
}

/**
 * Deploys a tag (or a full commit SHA) now; with neither, the tag that the policy chooses.
 * @throws tag.*, git.*, app.onHold where the choice is left to the policy
 */
export async function deploy(
  ports: CommandPorts,
  app: AppRecord,
  what: { readonly tag?: string | undefined; readonly commit?: string | undefined },
  asked: Asked,
): Promise<Deployment> {
  const present = asked.id === undefined ? null : await ports.store.deploymentById(asked.id)
  if (present) return present
  const target = what.commit
    ? { commit: parseCommitSha(what.commit), tag: null }
    : await resolveTag(ports, app, what.tag)
  await ports.source.fetchCommit({ app: app.name, url: app.repoUrl }, target.commit, target.tag)
  const deployment = await ports.store.createDeployment({
    id: asked.id,
    app,
    trigger: 'manual',
    actor: asked.actor,
    reason: asked.reason,
    what: { kind: 'commit', ...target },
  })
  if (!deployment) throw new TagshipError('internal', 'a deployment that was asked for was not made')
  return deployment
}

async function resolveTag(
  ports: CommandPorts,
  app: AppRecord,
  asked: string | undefined,
): Promise<{ commit: CommitSha; tag: TagName }> {
  const name = asked === undefined ? null : parseTagName(asked)
  const tags = await observeTags(ports, app)
  if (name === null) return chooseByPolicy(ports, app, tags)

  const tag = tags.find((candidate) => candidate.name === name)
  if (!tag || tag.deletedAt) throw new TagshipError('tag.notFound', `${app.name} has no tag ${quote(name)}`)
  if (tag.movedTo) {
    throw new TagshipError(
      'tag.moved',
      `${quote(name)} pointed at ${tag.commit.slice(0, 7)} and now points at ${tag.movedTo.slice(0, 7)}`,
    )
  }
  return { commit: tag.commit, tag: tag.name }
}

async function chooseByPolicy(ports: CommandPorts, app: AppRecord, tags: Parameters<typeof judgeTags>[0]) {
  if (app.hold) throw new TagshipError('app.onHold', `${app.name} was put on hold by ${app.hold.by}`)
  const judged = judgeTags(tags, await policyContext(ports, app))
  const chosen = judged.find(({ verdict }) => verdict === 'chosen')
  if (chosen) return { commit: chosen.tag.commit, tag: chosen.tag.name }
  const newest = judged[0]
  const why = newest
    ? `the newest, ${newest.tag.name}, is passed over: ${newest.why}`
    : 'no tag was pushed yet'
  throw new TagshipError('tag.noneChosen', `${app.name}: ${why}`)
}
