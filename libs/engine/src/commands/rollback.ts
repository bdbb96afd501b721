import {
  type Deployment,
  isServing,
  parseReleaseName,
  parseTagName,
  quote,
  releaseName,
  TagshipError,
  transition,
} from '@tagship/domain'
import { isLeft } from '../instance-end.ts'
import type { AppRecord, CommandPorts, ReleaseRecord } from '../ports.ts'
import type { Asked } from './deploy.ts'

export interface RollbackPlan {
  /** The release that serves now, and the one that comes back. */
  readonly from: ReleaseRecord | null
  readonly to: ReleaseRecord
  /** `revert`: the old slot is still warm, only the route moves. `redeploy`: its image boots again. */
  readonly kind: 'revert' | 'redeploy'
  readonly imagePresent: boolean
}

/**
 * Back to the release that served before, or to the one that is named. Puts the app on hold, so that no
 * tag undoes it. @throws release.notFound, release.alreadyLive, image.missing
 */
export async function rollback(
  ports: CommandPorts,
  app: AppRecord,
  to: string | undefined,
  asked: Asked & { readonly dryRun: boolean },
): Promise<{ deployment: Deployment | null; plan: RollbackPlan }> {
  const begun = asked.id === undefined ? null : await ports.store.askedBefore(app.id, asked.id)
  if (begun) return { deployment: begun, plan: await planOf(ports, app, begun, asked.id) }
  const active = await ports.store.activeDeployment(app.id)
  const plan = await planRollback(ports, app, to, active)
  if (asked.dryRun) return { deployment: null, plan }
  if (!plan.imagePresent) {
    throw new TagshipError(
      'image.missing',
      `the image of ${releaseName(plan.to.number)} is no longer on this machine`,
    )
  }
  const hold = { by: asked.actor, reason: asked.reason ?? `rolled back to ${releaseName(plan.to.number)}` }
  await ports.store.setHold(app.id, hold)

  if (plan.kind === 'revert' && active) {
    const { actor, reason, id } = asked
    const request = { kind: 'rollback' as const, actor, reason, id }
    const deployment = await ports.store.requestDeployment(active.id, request)
    return { deployment, plan }
  }
  // What has not taken traffic yet makes room; what serves already bakes out at once, for a newer one waits.
  if (active && transition(active.state, 'cancelRequested')) {
    await ports.store.requestDeployment(active.id, {
      kind: 'cancel',
      actor: asked.actor,
      reason: 'a rollback was asked for',
    })
  }
  const deployment = await ports.store.createDeployment({
    id: asked.id,
    app,
    trigger: 'rollback',
    actor: asked.actor,
    reason: asked.reason,
    what: { kind: 'release', releaseId: plan.to.id },
  })
  return { deployment, plan }
}

/** Of a rollback that was asked for before. */
async function planOf(
  ports: CommandPorts,
  app: AppRecord,
  begun: Deployment,
  id: string | undefined,
): Promise<RollbackPlan> {
  const release = (deployment: Deployment | null) =>
    deployment && ports.store.releaseByNumber(app.id, deployment.releaseNumber)
  const [asked, live] = await Promise.all([release(begun), ports.store.liveDeployment(app.id).then(release)])
  const [from, to] = begun.id === id ? [live, asked] : [asked, live]
  const source = to?.sourceRelease ? await ports.store.releaseByNumber(app.id, to.sourceRelease) : to
  if (!source) throw new TagshipError('release.notFound', `the release that ${app.name} went back to is gone`)
  return { from, to: source, kind: begun.id === id ? 'redeploy' : 'revert', imagePresent: true }
}

async function planRollback(
  ports: CommandPorts,
  app: AppRecord,
  to: string | undefined,
  active: Deployment | null,
): Promise<RollbackPlan> {
  const serving = app.servingDeploymentId ? await ports.store.deploymentById(app.servingDeploymentId) : null
  const from = serving ? await ports.store.releaseByNumber(app.id, serving.releaseNumber) : null
  const warm = active && isServing(active.state) ? await warmRelease(ports, app, active) : null
  // What moves to another runtime is the same release there: undone, it serves where it did.
  const undoesMove = to === undefined && warm !== null && warm === from?.number
  if (undoesMove) return { from, to: from, kind: 'revert', imagePresent: true }
  const target = to === undefined ? await previous(ports, app) : await named(ports, app, to)
  if (target.number === from?.number)
    throw new TagshipError('release.alreadyLive', `${releaseName(target.number)} is what serves now`)

  const revert = warm !== null && target.number === warm
  const imagePresent =
    revert || (target.imageDigest !== null && (await ports.builder.has(target.imageDigest)))
  return { from, to: target, kind: revert ? 'revert' : 'redeploy', imagePresent }
}

/** The number of the release that waits warm in the old slot while `active` drains or bakes, and still runs there. */
async function warmRelease(ports: CommandPorts, app: AppRecord, active: Deployment): Promise<number | null> {
  if (!transition(active.state, 'rollbackRequested')) return null
  const live = await ports.store.liveDeployment(app.id)
  return live && (await isLeft(ports, live)) ? live.releaseNumber : null
}

async function previous(ports: CommandPorts, app: AppRecord): Promise<ReleaseRecord> {
  const release = await ports.store.previousServed(app.id)
  if (!release)
    throw new TagshipError('release.notFound', `${app.name} has no earlier release that has served`)
  return release
}

async function named(ports: CommandPorts, app: AppRecord, to: string): Promise<ReleaseRecord> {
  const number = parseReleaseName(to)
  const byNumber = number === null ? null : await ports.store.releaseByNumber(app.id, number)
  const release = byNumber ?? (await ports.store.releaseByTag(app.id, parseTagName(to)))
  if (!release) throw new TagshipError('release.notFound', `${app.name} has no release or tag ${quote(to)}`)
  if (!release.hasServed) {
    throw new TagshipError(
      'release.notFound',
      `${releaseName(release.number)} of ${app.name} has never served; a rollback goes to one that has`,
    )
  }
  return release
}
