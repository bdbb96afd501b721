import {
  chooseTag,
  type Deployment,
  type PolicyContext,
  parseTagPolicy,
  type Tag,
  toTagshipError,
} from '@tagship/domain'
import type { AppRecord, Ports } from './ports.ts'

const shortestPollMs = 15_000
const longestPollMs = 5 * 60_000

/** Looks at an app's tags and deploys the one that the policy chooses: the handler of the `tags` queue. */
export async function pollTags(ports: Ports, appId: string): Promise<Deployment | null> {
  const app = await ports.store.appById(appId)
  if (!app) return null
  try {
    const tags = await observeTags(ports, app)
    await ports.store.recordPoll(app.id, { nextMs: nextPoll(tags), error: null })
    return await deployChosen(ports, app, tags, 'tagship')
  } catch (error) {
    const problem = toTagshipError(error)
    // Says nothing about the repository: the job is tried again, and soon.
    if (problem.code === 'database.unavailable') throw problem
    ports.log.warn({ app: app.name, err: problem }, `tags could not be read: ${problem.message}`)
    await ports.store.recordPoll(app.id, { nextMs: jitter(longestPollMs / 5), error: problem.message })
    return null
  }
}

/** Reads the repository and remembers what it shows. A tag that moved is told loudly; it is not deployed. */
export async function observeTags(ports: Ports, app: AppRecord): Promise<Tag[]> {
  const seen = await ports.source.listTags({ app: app.name, url: app.repoUrl })
  const { tags, moved } = await ports.store.observeTags(app, seen)
  for (const tag of moved) {
    ports.log.warn(
      { app: app.name, tag: tag.name, from: tag.commit, to: tag.movedTo },
      'a tag was moved; it is blocked',
    )
  }
  return tags
}

/** Deploys the tag that the policy chooses, where there is one that was not tried yet. */
export async function deployChosen(
  ports: Ports,
  app: AppRecord,
  tags: readonly Tag[],
  actor: string,
): Promise<Deployment | null> {
  const context = await policyContext(ports, app)
  const chosen = chooseTag(tags, context)
  if (!chosen) return null
  return ports.store.createDeployment({
    app,
    trigger: 'tag',
    actor,
    reason: null,
    what: { kind: 'commit', commit: chosen.commit, tag: chosen.name },
  })
}

/** What the tag policy needs to know of the app. */
export async function policyContext(ports: Ports, app: AppRecord): Promise<PolicyContext> {
  const [attempted, serving] = await Promise.all([
    ports.store.attemptedTags(app.id),
    app.servingDeploymentId ? ports.store.deploymentById(app.servingDeploymentId) : null,
  ])
  return {
    policy: parseTagPolicy(app.tagRange),
    onHold: app.hold !== null,
    liveTag: serving?.tag ?? null,
    attempted,
  }
}

/** Often while tags come often: a tenth of the age of the newest, from 15 s to 5 min. */
function nextPoll(tags: readonly Tag[]): number {
  const newest = tags.reduce((latest, { firstSeenAt }) => Math.max(latest, firstSeenAt.getTime()), 0)
  const age = Date.now() - newest
  return jitter(Math.min(longestPollMs, Math.max(shortestPollMs, age / 10)))
}

/** ±10 %, so that many apps do not ask in step. */
function jitter(ms: number): number {
  return Math.round(ms * (0.9 + Math.random() * 0.2))
}
