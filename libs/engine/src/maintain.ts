import { runtimeNames } from '@tagship/domain'
import { clearRemovedApps } from './clear-app.ts'
import { discardDeployment } from './discard-deployment.ts'
import { healApps } from './heal.ts'
import { createAttempts, eachInPlace } from './in-place.ts'
import type { Job, Ports } from './ports.ts'

/** Work that nobody asks for: the handlers of the `maintenance` queue, each safe to run at any time and twice. */
export const maintenance = {
  /** Replaced deployments whose time to stay warm is over lose their instances. */
  warm: discardExpiredWarmSlots,
  /** What runs and belongs to no deployment that may have instances is removed. */
  orphans: removeOrphans,
  /** Builds that nobody wants, and whose worker died, end. */
  builds: endUnwantedBuilds,
  /** What is left of removed apps goes. */
  removed: clearRemovedApps,
  /** What the router counted goes after a week. */
  traffic: (ports) => ports.store.forgetOldTraffic(),
  /** Answers kept for writes that are sent twice, notes on deliveries, and sessions go when they are over. History never goes. */
  keys: async ({ store }) => {
    await store.forgetOldKeys()
    await store.forgetOldDeliveries()
    await store.forgetOldSessions()
  },
  /** What should serve and is not all there is deployed again. */
  heal: healApps,
} as const satisfies Record<string, (ports: Ports) => Promise<void>>

export type MaintenanceName = keyof typeof maintenance

async function discardExpiredWarmSlots(ports: Ports): Promise<void> {
  const expired = await ports.store.expiredWarmSlots()
  const runtimeOf = ({ deployment }: (typeof expired)[number]) => deployment.runtime
  await eachInPlace(ports, expired, runtimeOf, async (there, { app, deployment }) => {
    // The fence is read before the look: a deployment that takes the slot after it writes with a higher one.
    const fence = await ports.store.currentFence(app.id)
    const active = await ports.store.activeDeployment(app.id)
    const serving = app.servingDeploymentId && (await ports.store.deploymentById(app.servingDeploymentId))
    const left = serving && serving.runtime !== deployment.runtime && active?.runtime !== deployment.runtime
    if (left) await there.router.forget(app.seat)
    else if (deployment.slot && !(await ports.store.slotIsTaken(deployment.id))) {
      await there.router.emptySlot({ seat: app.seat, slot: deployment.slot }, fence)
    }
    await discardDeployment(there, app.name, deployment.id, 'warm')
    ports.log.info({ app: app.name, deployment: deployment.id }, 'the warm slot was discarded')
  })
}

async function removeOrphans(ports: Ports): Promise<void> {
  await eachInPlace(ports, runtimeNames, (name) => name, removeOrphansAt)
}

async function removeOrphansAt(ports: Ports): Promise<void> {
  // Instances first: one that is started after this list was made belongs to a deployment that is found below.
  const instances = await ports.runtime.listAll()
  const wanted = await ports.store.deploymentsWithInstances()
  for (const instance of instances) {
    if (wanted.has(instance.deploymentId)) continue
    ports.log.warn(
      { app: instance.app, instance: instance.name },
      'an instance without a deployment is removed',
    )
    await ports.runtime.remove(instance)
  }
}

/** The image that such a build may have left goes first: without its row, nobody would look for it. */
async function endUnwantedBuilds(ports: Ports): Promise<void> {
  const attempts = createAttempts(ports)
  for (const { releaseId, app, buildKey } of await ports.store.unwantedBuilds()) {
    await attempts.at('docker', async ({ store, builder }) => {
      const image = buildKey === null ? null : await builder.find(app, buildKey)
      if (image && !(await store.isReleased(image.digest))) await builder.remove(image.digest)
      await store.endUnwantedBuild(releaseId)
    })
  }
  attempts.end()
}

/** Jobs for work that has none: what makes a lost queue cost seconds and nothing else. */
export async function sweep(ports: Ports): Promise<Job[]> {
  const [unfinished, polls] = await Promise.all([ports.store.unfinishedWork(), ports.store.takeDuePolls(50)])
  return [...unfinished, ...spread(polls)]
}

/** Until the next sweep comes, about. */
const spreadMs = 3_000

/** Looks that are due at once are taken one after the other: what a webhook tells of must not wait behind them. */
function spread(appIds: readonly string[]): Job[] {
  const step = spreadMs / Math.max(1, appIds.length)
  return appIds.map((id, index) => ({ queue: 'tags', id, delayMs: Math.round(index * step) }))
}
