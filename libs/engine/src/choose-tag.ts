/** Chooses the tag to deploy next, and asks git for what only git can tell: of that one tag, or of the next after it. */
import {
  type CommitSha,
  type Decision,
  decide,
  type MissingFact,
  type PolicyContext,
  type Ranking,
  rankTags,
  type Tag,
  type TagFinding,
  type TagName,
  type TagPolicy,
  toTagshipError,
} from '@tagship/domain'
import type { AppRecord, Ports, Source } from './ports.ts'

/** Rankings of lists of tags that have not changed: the store gives the same list as long as it is so. */
const rankings = new WeakMap<readonly Tag[], Ranking>()

function rankingOf(tags: readonly Tag[], policy: TagPolicy): Ranking {
  const known = rankings.get(tags)
  if (known && JSON.stringify(known.policy) === JSON.stringify(policy)) return known
  const ranking = rankTags(tags, policy)
  rankings.set(tags, ranking)
  return ranking
}

/** What the tag policy needs to know of the app. */
async function policyContext(ports: Ports, app: AppRecord): Promise<PolicyContext> {
  const [attempted, findings, serving] = await Promise.all([
    ports.store.attemptedTags(app.id),
    ports.store.tagFindings(app.id),
    app.servingDeploymentId ? ports.store.deploymentById(app.servingDeploymentId) : null,
  ])
  return {
    fromNext: app.fromNext,
    onHold: app.hold !== null,
    live: serving && { tag: serving.tag, commit: serving.commit },
    attempted,
    findings,
  }
}

/** As far as it is known by now; asks no repository. */
export async function decideByRecords(
  ports: Ports,
  app: AppRecord,
  tags: readonly Tag[],
  policy: TagPolicy = app.policy,
): Promise<Decision> {
  // A ranking for a trial must not take the place of the one that every look needs.
  const ranking = policy === app.policy ? rankingOf(tags, policy) : rankTags(tags, policy)
  return decide(ranking, await policyContext(ports, app))
}

/** Finds out what is missing, newest tag first, until the choice is made. @throws git.* */
export async function decideWithGit(ports: Ports, app: AppRecord, tags: readonly Tag[]): Promise<Decision> {
  let decision = await decideByRecords(ports, app, tags)
  while (decision.missing) {
    const finding = await findOut(ports, app, decision.missing, decision.context.live?.commit ?? null)
    await ports.store.recordFinding(app.id, finding)
    if (finding.outcome !== 'passed') {
      const { tag, outcome, why } = finding
      ports.log.warn({ app: app.name, tag, verdict: outcome }, `a tag is passed over: ${why}`)
    }
    const isOther = (one: TagFinding) => one.tag !== finding.tag || one.kind !== finding.kind
    const findings = [...decision.context.findings.filter(isOther), finding]
    decision = decide(decision.ranking, { ...decision.context, findings })
  }
  return decision
}

async function findOut(
  ports: Ports,
  app: AppRecord,
  { kind, tag, commit, basis }: MissingFact,
  live: CommitSha | null,
): Promise<TagFinding> {
  const finding = { tag: tag.name, kind, refSha: tag.refSha, commit, basis }
  try {
    await fetchTag(ports.source, app, tag, commit)
  } catch (error) {
    const { code, message } = toTagshipError(error)
    // Nobody can sign, or change, what is no commit; it must not stand in the way of what is older.
    if (code !== 'tag.notACommit') throw error
    return { ...finding, outcome: 'unsigned', why: message }
  }
  if (kind === 'signature') return { ...finding, ...(await checkSignature(ports.source, app, tag, commit)) }
  const changed = live ? await changesSince(ports.source, app, live, commit) : null
  if (changed === null)
    return { ...finding, outcome: 'passed', why: 'what is live is not there to compare it with' }
  const [first] = changed
  const where = app.policy.paths.join(', ')
  return first === undefined
    ? { ...finding, outcome: 'nothing changed', why: `nothing in ${where} differs from what is live` }
    : { ...finding, outcome: 'passed', why: `${first} differs from what is live` }
}

/** The commit of a tag that has moved since its first sight is asked for by its SHA: the tag leads elsewhere. */
export function fetchTag(source: Source, app: AppRecord, tag: Tag, commit: CommitSha): Promise<void> {
  const name = tag.pointsAt === commit ? tag.name : null
  return source.fetchCommit({ app: app.name, url: app.repoUrl }, commit, name)
}

/** Null where the live commit is gone from the repository. */
async function changesSince(
  source: Source,
  app: AppRecord,
  from: CommitSha,
  to: CommitSha,
): Promise<string[] | null> {
  const repository = { app: app.name, url: app.repoUrl }
  try {
    await source.fetchCommit(repository, from, null)
  } catch (error) {
    if (toTagshipError(error).code === 'tag.notFound') return null
    throw error
  }
  return source.changedPaths(repository, { from, to }, app.policy.paths)
}

/** By the app's policy; its tag is null for a commit that is deployed by its SHA. @throws git.* */
export async function checkSignature(
  source: Source,
  app: AppRecord,
  tag: { readonly name: TagName; readonly refSha: string } | null,
  commit: CommitSha,
): Promise<{ readonly outcome: 'passed' | 'unsigned' | 'wrong signature'; readonly why: string }> {
  const { verify } = app.policy
  if (verify === 'none') return { outcome: 'passed', why: 'the policy asks for no signature' }
  return source.verifySignature(app, { tag, commit, verify })
}
