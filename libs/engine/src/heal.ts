import { isActive } from '@tagship/domain'
import type { AppRecord, Ports } from './ports.ts'

/** After a heal that failed, the next is tried no sooner. */
const patienceMs = 5 * 60_000

/**
 * An app whose serving deployment has lost instances (somebody removed them, or stopped them by hand) gets
 * the same release once more, in the idle slot: what is broken is replaced, never mended in place.
 */
export async function healApps(ports: Ports): Promise<void> {
  for (const app of await ports.store.allApps()) {
    if (!app.servingDeploymentId) continue
    const missing = await missingInstances(ports, app, app.servingDeploymentId)
    if (missing === 0 || !(await mayHeal(ports, app))) continue
    const serving = await ports.store.deploymentById(app.servingDeploymentId)
    if (!serving) continue
    const reason = `${missing} of its instances were gone`
    ports.log.warn(
      { app: app.name, deployment: serving.id, missing },
      'instances are gone; the release is deployed again',
    )
    await ports.store.createDeployment({
      app,
      trigger: 'heal',
      actor: 'tagship',
      reason,
      what: { kind: 'again', releaseId: serving.releaseId },
    })
  }
}

async function missingInstances(ports: Ports, app: AppRecord, deploymentId: string): Promise<number> {
  const [expected, found] = await Promise.all([
    ports.store.countInstances(deploymentId),
    ports.runtime.list(app.name, deploymentId),
  ])
  // One that is `restarting` is the engine's to bring back.
  const there = found.filter(({ state }) => state === 'running' || state === 'restarting')
  return Math.max(0, expected - there.length)
}

/** Not while anything is under way, and not at once after a heal that has failed. */
async function mayHeal(ports: Ports, app: AppRecord): Promise<boolean> {
  const newest = await ports.store.newestDeployment(app.id)
  if (!newest) return false
  if (newest.state === 'queued' || isActive(newest.state)) return false
  const failedAt = newest.trigger === 'heal' && newest.state === 'failed' ? newest.finishedAt : null
  return failedAt === null || Date.now() - failedAt.getTime() > patienceMs
}
