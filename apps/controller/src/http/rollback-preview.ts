/** What a rollback would do, for who is about to ask for one. */
import type { RollbackPreviewJson } from '@tagship/api'
import { type Deployment, durationsOf } from '@tagship/domain'
import type { AppRecord } from '@tagship/engine'
import { compareReleases, refOf } from './compare-releases.ts'
import type { ServerDeps } from './handler.ts'

/** @throws release.notFound, release.alreadyLive, tag.notFound */
export async function previewRollback(
  deps: ServerDeps,
  app: AppRecord,
  to: string | undefined,
  actor: string,
): Promise<RollbackPreviewJson> {
  const { plan } = await deps.commands.rollback(app, to, { actor, reason: null, dryRun: true })
  const [changes, holders, expected] = await Promise.all([
    plan.from && compareReleases(deps, app, plan.from, plan.to),
    deps.store.slotHolders([app.id]),
    expectedTime(deps, app, plan.kind),
  ])
  const warm = holders.find(
    ({ deployment, slot }) => deployment.releaseNumber === plan.to.number && slot !== app.liveSlot,
  )
  return {
    from: plan.from && refOf(plan.from),
    to: refOf(plan.to),
    kind: plan.kind,
    imagePresent: plan.imagePresent,
    oldSlotWarm: warm !== undefined,
    warmUntil: warm?.warmUntil?.toISOString() ?? null,
    changes,
    expected,
    hold: app.hold && { by: app.hold.by, reason: app.hold.reason, at: app.hold.at.toISOString() },
  }
}

/** The newest of the app that are looked at. */
const samples = 50

/** From how long the app's rollbacks of the kind took; else from what its deployments took after their build. */
async function expectedTime(
  { store }: ServerDeps,
  app: AppRecord,
  kind: 'revert' | 'redeploy',
): Promise<RollbackPreviewJson['expected']> {
  const find = (filter: object) =>
    store.findDeployments({ apps: [app.id], ...filter }, { limit: samples }).then((page) => page.deployments)
  if (kind === 'revert') {
    const times = (await find({ states: ['rolledBack'] })).flatMap((one) => revertTime(one) ?? [])
    return medianOf(times, 'rollbacks')
  }
  const rollbacks = (await find({ triggers: ['rollback'] })).flatMap(
    (one) => durationsOf(one).toServing ?? [],
  )
  if (rollbacks.length > 0) return medianOf(rollbacks, 'rollbacks')
  return medianOf((await find({ states: ['live', 'retired'] })).flatMap(timeAfterBuild), 'deployments')
}

function revertTime({ phases }: Deployment): number | null {
  const phase = phases.find(({ name }) => name === 'reverting')
  return phase?.finishedAt ? phase.finishedAt.getTime() - phase.startedAt.getTime() : null
}

function timeAfterBuild(deployment: Deployment): number[] {
  const { release, boot, verify, switch: turn } = durationsOf(deployment)
  return boot === null || verify === null || turn === null ? [] : [(release ?? 0) + boot + verify + turn]
}

function medianOf(
  times: readonly number[],
  from: 'rollbacks' | 'deployments',
): RollbackPreviewJson['expected'] {
  const ms = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]
  return ms === undefined ? null : { ms, samples: times.length, from }
}
