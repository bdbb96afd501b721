import {
  canonicalJson,
  commitToDeploy,
  type Deployment,
  type ObservedTag,
  type Tag,
  toTagshipError,
} from '@tagship/domain'
import { decideWithGit, fetchTag } from './choose-tag.ts'
import type { AppRecord, Ports, Repository } from './ports.ts'

const shortestPollMs = 15_000
const longestPollMs = 5 * 60_000
/** After the first failure; twice as long after each further one. */
const firstBackoffMs = 30_000
const longestBackoffMs = 15 * 60_000

/** Looks at an app's tags and deploys the one that the policy chooses: the handler of the `tags` queue. */
export async function pollTags(ports: Ports, appId: string): Promise<Deployment | null> {
  const app = await ports.store.appById(appId)
  if (!app) return null
  const last = await ports.store.lastPoll(app.id)
  try {
    const { print, tags: seen } = await ports.source.lookAtTags(repositoryOf(app), printIn(last.key, app))
    if (seen === null) {
      await ports.store.recordPoll(app.id, { nextMs: nextPoll(last.newestTagAt), error: null })
      return null
    }
    const tags = await rememberTags(ports, app, seen)
    const deployment = await deployChosen(ports, app, tags, 'tagship')
    const isComplete = await readTaggers(ports, app, tags)
    // Only now: a process that dies before has not looked.
    const key = isComplete ? { key: { before: last.key, now: keyOf(print, app) } } : {}
    await ports.store.recordPoll(app.id, { nextMs: nextPoll(newestOf(tags)), error: null, ...key })
    return deployment
  } catch (error) {
    const problem = toTagshipError(error)
    // Says nothing about the repository: the job is tried again, and soon.
    if (problem.code === 'database.unavailable') throw problem
    ports.log.warn({ app: app.name, err: problem }, `tags could not be read: ${problem.message}`)
    const nextMs = jitter(Math.min(longestBackoffMs, firstBackoffMs * 2 ** last.failures))
    await ports.store.recordPoll(app.id, { nextMs, error: problem.message })
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
  return rememberTags(ports, app, await ports.source.listTags(repositoryOf(app)))
}

async function rememberTags(
  ports: Ports,
  app: AppRecord,
  seen: readonly ObservedTag[],
): Promise<readonly Tag[]> {
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

/** Who made the annotated tags that came lately: for the record. @returns false where it has to be tried again */
async function readTaggers(
  { source, store, log }: Ports,
  app: AppRecord,
  tags: readonly Tag[],
): Promise<boolean> {
  const since = Date.now() - freshMs
  const unread = tags.filter(
    (tag) =>
      tag.annotated && !tag.createdAt && !tag.deletedAt && !tag.baseline && tag.firstSeenAt.getTime() > since,
  )
  if (unread.length === 0) return true
  try {
    await store.describeTags(app.id, await source.readTags(repositoryOf(app), unread.slice(-mostTaggers)))
    return true
  } catch (err) {
    log.info({ app: app.name, err }, 'who made the newest tags could not be read')
    return false
  }
}

/** An order by date needs the dates, which the list of a remote's tags does not tell. */
async function datedTags(ports: Ports, app: AppRecord, tags: readonly Tag[]): Promise<readonly Tag[]> {
  const undated = tags.filter(({ createdAt, deletedAt }) => createdAt === null && deletedAt === null)
  if (undated.length === 0) return tags
  const facts = await ports.source.readTags(repositoryOf(app), undated)
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

function repositoryOf(app: AppRecord): Repository {
  return { app: app.name, url: app.repoUrl }
}

/**
 * What was shown, and what of the app decides over it: while both stand, a look has nothing new to choose from.
 * Attempts are not in it, since they only ever take tags away from the choice.
 */
function keyOf(print: string, app: AppRecord): string {
  const { repoUrl, policy, fromNext, hold, servingDeploymentId } = app
  const situation = { repoUrl, policy, fromNext, onHold: hold !== null, servingDeploymentId }
  return `${print} ${canonicalJson(situation)}`
}

/** Null where something else decides by now. */
function printIn(key: string | null, app: AppRecord): string | null {
  const print = key?.split(' ', 1)[0] ?? null
  return print !== null && keyOf(print, app) === key ? print : null
}

function newestOf(tags: readonly Tag[]): Date | null {
  const newest = tags.reduce((latest, { firstSeenAt }) => Math.max(latest, firstSeenAt.getTime()), 0)
  return newest === 0 ? null : new Date(newest)
}

/** Often while tags come often: a tenth of the age of the newest, from 15 s to 5 min. */
function nextPoll(newest: Date | null): number {
  const age = Date.now() - (newest?.getTime() ?? 0)
  return jitter(Math.min(longestPollMs, Math.max(shortestPollMs, age / 10)))
}

/** ±10 %, so that many apps do not ask in step. */
function jitter(ms: number): number {
  return Math.round(ms * (0.9 + Math.random() * 0.2))
}
