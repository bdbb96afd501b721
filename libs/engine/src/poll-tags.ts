import { commitToDeploy, type Deployment, type Tag, toTagshipError } from '@tagship/domain'
import { decideWithGit, fetchTag } from './choose-tag.ts'
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
    const deployment = await deployChosen(ports, app, tags, 'tagship')
    await readTaggers(ports, app, tags)
    return deployment
  } catch (error) {
    const problem = toTagshipError(error)
    // Says nothing about the repository: the job is tried again, and soon.
    if (problem.code === 'database.unavailable') throw problem
    ports.log.warn({ app: app.name, err: problem }, `tags could not be read: ${problem.message}`)
    await ports.store.recordPoll(app.id, { nextMs: jitter(longestPollMs / 5), error: problem.message })
    return null
  }
}

const moveWords = {
  block: 'a tag was moved; it is blocked',
  ignore: 'a tag was moved; the policy goes by where it was first',
  redeploy: 'a tag was moved; the policy goes by where it is now',
} as const satisfies Record<AppRecord['policy']['onMove'], string>

/** Reads the repository and remembers what it shows. A tag that moved is told loudly; it is not deployed. */
export async function observeTags(ports: Ports, app: AppRecord): Promise<readonly Tag[]> {
  const seen = await ports.source.listTags({ app: app.name, url: app.repoUrl })
  const { tags, moved } = await ports.store.observeTags(app, seen)
  for (const tag of moved) {
    const fields = { app: app.name, tag: tag.name, from: tag.commit, to: tag.pointsAt }
    ports.log.warn(fields, moveWords[app.policy.onMove])
  }
  // On our own disk it costs next to nothing to know who made a tag.
  return app.policy.ordering === 'created' || app.repoUrl === null ? datedTags(ports, app, tags) : tags
}

const freshMs = 60 * 60_000
const mostTaggers = 100

/** Who made the annotated tags that came lately: for the record, so that a failure does not matter. */
async function readTaggers(
  { source, store, log }: Ports,
  app: AppRecord,
  tags: readonly Tag[],
): Promise<void> {
  const since = Date.now() - freshMs
  const unread = tags.filter(
    (tag) =>
      tag.annotated && !tag.createdAt && !tag.deletedAt && !tag.baseline && tag.firstSeenAt.getTime() > since,
  )
  if (unread.length === 0) return
  try {
    const repository = { app: app.name, url: app.repoUrl }
    await store.describeTags(app.id, await source.readTags(repository, unread.slice(-mostTaggers)))
  } catch (err) {
    log.info({ app: app.name, err }, 'who made the newest tags could not be read')
  }
}

/** An order by date needs the dates, which the list of a remote's tags does not tell. */
async function datedTags(ports: Ports, app: AppRecord, tags: readonly Tag[]): Promise<readonly Tag[]> {
  const undated = tags.filter(({ createdAt, deletedAt }) => createdAt === null && deletedAt === null)
  if (undated.length === 0) return tags
  const facts = await ports.source.readTags({ app: app.name, url: app.repoUrl }, undated)
  await ports.store.describeTags(app.id, facts)
  return ports.store.listTags(app.id)
}

/** Deploys the tag that the policy chooses, where there is one that was not tried yet. */
export async function deployChosen(
  ports: Ports,
  app: AppRecord,
  tags: readonly Tag[],
  actor: string,
): Promise<Deployment | null> {
  const { chosen } = await decideWithGit(ports, app, tags)
  if (!chosen) return null
  const commit = commitToDeploy(chosen, app.policy)
  // The tag leads elsewhere by now: later the commit would not be found by it.
  if (commit !== chosen.pointsAt) await fetchTag(ports.source, app, chosen, commit)
  return ports.store.createDeployment({
    app,
    trigger: 'tag',
    actor,
    reason: null,
    what: { kind: 'commit', commit, tag: chosen.name },
  })
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
