/** Records as the JSON of the API. */
import type {
  AppJson,
  AuditEntryJson,
  DeploymentJson,
  EventJson,
  ListedDeploymentJson,
  LogLineJson,
  ReleaseJson,
  RollbackJson,
} from '@tagship/api'
import {
  type Deployment,
  deploymentStates,
  durationsOf,
  type JudgedTag,
  releaseName,
  summarizePolicy,
} from '@tagship/domain'
import type { AppRecord, ReleaseRecord, RollbackPlan } from '@tagship/engine'
import type { AuditEntry, EventRecord, LogRecord, PollState } from '@tagship/store'

export function presentDeployment(deployment: Deployment): DeploymentJson {
  const { id, app, number, tag, commit, subject, author, imageDigest, imageBytes, revision } = deployment
  const { state, slot, serving, trigger, actor, reason } = deployment
  return {
    id,
    app,
    number,
    release: releaseName(deployment.releaseNumber),
    tag,
    commit,
    subject,
    author,
    committedAt: timeOrNull(deployment.committedAt),
    imageDigest,
    imageBytes,
    revision,
    state,
    slot,
    serving,
    trigger,
    actor,
    reason,
    createdAt: deployment.createdAt.toISOString(),
    startedAt: timeOrNull(deployment.startedAt),
    servingAt: timeOrNull(deployment.servingAt),
    finishedAt: timeOrNull(deployment.finishedAt),
    phases: deployment.phases.map(({ name, startedAt, finishedAt }) => ({
      name,
      startedAt: startedAt.toISOString(),
      finishedAt: timeOrNull(finishedAt),
    })),
    durations: durationsOf(deployment),
    failure: deployment.failure,
  }
}

/** @param images on this machine; null where that is not known */
export function presentListed(
  deployment: Deployment,
  images: ReadonlySet<string> | null,
): ListedDeploymentJson {
  const obstacle = returnObstacle(deployment, images)
  return {
    ...presentDeployment(deployment),
    rollback: { possible: obstacle === null, why: obstacle ?? 'it has served before' },
  }
}

/** Why a rollback cannot bring back what the deployment brought. */
function returnObstacle(
  { serving, servingAt, imageDigest }: Deployment,
  images: ReadonlySet<string> | null,
): string | null {
  if (serving) return 'it serves now'
  if (imageDigest === null) return 'it has no image'
  if (servingAt === null) return 'it has never served'
  return images === null || images.has(imageDigest) ? null : 'its image is no longer on this machine'
}

export interface AppSituation {
  readonly serving: Deployment | null
  /** Has served, and still runs beside what does now. */
  readonly warm: Deployment | null
  readonly active: Deployment | null
  readonly queued: Deployment | null
  /** The last attempt to bring back what should serve; it failed. */
  readonly unhealed: Deployment | null
  readonly configNotLive: readonly string[]
  /** Tags that moved. */
  readonly alerts: readonly JudgedTag[]
  readonly poll: PollState | null
  readonly pushUrl: string | null
  readonly urls: string[]
}

export function presentApp(app: AppRecord, situation: AppSituation): AppJson {
  const { serving, warm, active, queued, unhealed, configNotLive, alerts, poll, pushUrl, urls } = situation
  return {
    name: app.name,
    repo: app.repoUrl && withoutPassword(app.repoUrl),
    pushUrl,
    hosts: [...app.hosts],
    urls,
    tags: summarizePolicy(app.policy),
    policy: { ...app.policy, paths: [...app.policy.paths] },
    fromNext: app.fromNext,
    root: app.root,
    alerts: alerts.map(({ tag, verdict, why }) => ({ tag: tag.name, verdict, why })),
    buildArgs: { ...app.buildArgs },
    runtime: app.runtime,
    cluster: app.cluster,
    namespace: app.namespace,
    live: serving && {
      deployment: serving.id,
      release: releaseName(serving.releaseNumber),
      tag: serving.tag,
      commit: serving.commit,
      revision: serving.revision,
      slot: serving.slot,
      since: timeOrNull(serving.servingAt),
    },
    warm: warm?.slot
      ? {
          deployment: warm.id,
          release: releaseName(warm.releaseNumber),
          tag: warm.tag,
          slot: warm.slot,
        }
      : null,
    active: active && presentDeployment(active),
    queued: queued && presentDeployment(queued),
    trouble: unhealed?.failure
      ? { deployment: unhealed.id, code: unhealed.failure.code, message: unhealed.failure.message }
      : null,
    configNotLive: [...configNotLive],
    hold: app.hold && { by: app.hold.by, reason: app.hold.reason, at: app.hold.at.toISOString() },
    poll: app.repoUrl && poll ? { lastAt: timeOrNull(poll.polledAt), error: poll.error } : null,
    createdAt: app.createdAt.toISOString(),
  }
}

/** A repository's URL may carry credentials; they are never shown. */
export function withoutPassword(repoUrl: string): string {
  const url = URL.parse(repoUrl)
  if (!url?.password) return repoUrl
  url.password = '***'
  return url.href
}

export function presentRelease(release: ReleaseRecord): ReleaseJson {
  const { number, tag, commit, imageDigest, imageBytes, revision, live } = release
  const obstacle = rollbackObstacle(release)
  return {
    name: releaseName(number),
    number,
    tag,
    commit,
    imageDigest,
    imageBytes,
    revision,
    sourceRelease: release.sourceRelease === null ? null : releaseName(release.sourceRelease),
    createdAt: release.createdAt.toISOString(),
    live,
    canRollBack: obstacle === null,
    why: obstacle ?? 'it has served before',
  }
}

function rollbackObstacle(release: ReleaseRecord): string | null {
  if (release.live) return 'it is live'
  if (release.imageDigest === null) return 'it has no image'
  if (!release.hasServed) return 'it has never served'
  return null
}

export function presentRollback(deployment: Deployment | null, plan: RollbackPlan): RollbackJson {
  const name = ({ number, tag, commit }: ReleaseRecord) => ({ name: releaseName(number), tag, commit })
  return {
    deployment: deployment && presentDeployment(deployment),
    plan: {
      from: plan.from && name(plan.from),
      to: name(plan.to),
      kind: plan.kind,
      imagePresent: plan.imagePresent,
    },
  }
}

export function presentEvent(event: EventRecord): EventJson {
  const { app, seq, deployment, type, actor, reason, durationMs, at, hash } = event
  return {
    id: String(event.id),
    app,
    seq,
    deployment,
    type,
    from: stateOrNull(event.from),
    to: stateOrNull(event.to),
    actor,
    reason,
    durationMs,
    detail: toObject(event.detail),
    at,
    hash,
  }
}

export function presentAuditEntry(entry: AuditEntry): AuditEntryJson {
  const { actor, action, app } = entry
  const outcome = entry.outcome === 'done' || entry.outcome === 'refused' ? entry.outcome : 'failed'
  return {
    id: String(entry.id),
    at: entry.at.toISOString(),
    actor,
    action,
    app,
    outcome,
    detail: toObject(entry.detail),
  }
}

export function presentLine({ seq, at, source, process, text }: LogRecord): LogLineJson {
  return { seq, at: at.toISOString(), source, process, text }
}

function timeOrNull(time: Date | null): string | null {
  return time?.toISOString() ?? null
}

function stateOrNull(state: string | null) {
  return deploymentStates.find((known) => known === state) ?? null
}

function toObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
