import { createHash } from 'node:crypto'

import { type Deployment, type DeploymentState, isActive, releaseName } from '@tagship/domain'
import { followInstances, isFollowed } from './follow-instances.ts'
import { createAttempts, inPlace } from './in-place.ts'
import { canServe } from './instance-end.ts'
import type { AppRecord, CommandPorts, NewDeployment, Ports } from './ports.ts'

/** After a heal that failed, the next is tried no sooner. */
const patienceMs = 5 * 60_000

/** The engine starts a process that has ended again within this time, where it is told to. */
const restartMs = 250

/**
 * Something has become of an instance of the deployment (null: of any): the router follows at once, and soon somebody
 * looks at what is missing. What a deployment under way loses, its own step sees. Never throws: what could not be done
 * now is done by the schedule.
 */
export async function instancesChanged(ports: CommandPorts, deploymentId: string | null): Promise<void> {
  try {
    const state = deploymentId === null ? 'live' : await followDeployment(ports, deploymentId)
    if (state !== 'live') return
    await ports.store.enqueue([{ queue: 'maintenance', id: 'heal', delayMs: restartMs }])
  } catch (error) {
    ports.log.warn({ err: error }, 'something has become of an instance; that is looked at later')
  }
}

/** @returns the deployment's state; null where its instances are no matter of ours */
async function followDeployment(ports: Ports, deploymentId: string): Promise<DeploymentState | null> {
  const known = await ports.store.deploymentById(deploymentId)
  const app = known && isFollowed(known) ? await ports.store.appById(known.appId) : null
  if (!app) return null
  const fence = await ports.store.currentFence(app.id)
  const deployment = await ports.store.deploymentById(deploymentId)
  if (!deployment) return null
  const there = inPlace(ports, deployment.runtime)
  await followInstances(there, app, deployment, await there.runtime.list(app.name, deploymentId), fence)
  return deployment.state
}

/**
 * An app whose serving deployment has lost instances (somebody removed them, or it was restored on another
 * machine) gets the same release once more, in the idle slot: what is broken is replaced, never mended in
 * place. Where its image is gone too, the same commit is built again: a new release, for it has a new image.
 */
export async function healApps(ports: Ports): Promise<void> {
  const attempts = createAttempts(ports)
  for (const app of await ports.store.allApps()) {
    if (!app.servingDeploymentId) continue
    const fence = await ports.store.currentFence(app.id)
    const serving = await ports.store.deploymentById(app.servingDeploymentId)
    if (serving) await attempts.at(serving.runtime, (there) => healApp(there, app, serving, fence))
  }
  attempts.end()
}

async function healApp(ports: Ports, app: AppRecord, serving: Deployment, fence: bigint): Promise<void> {
  // Looked at after it was known to serve: an older look would miss what has just been booted.
  const present = await ports.runtime.list(app.name, serving.id)
  await followInstances(ports, app, serving, present, fence)
  const missing = (await ports.store.countInstances(serving.id)) - present.filter(canServe).length
  const newest = missing > 0 ? await ports.store.newestDeployment(app.id) : null
  if (!newest || !mayFollow(newest)) return
  const why = present.find(({ note, state }) => note !== null && state === 'exited')?.note
  const remedy = await remedyFor(ports, serving, why ?? `${missing} of its instances were gone`)
  ports.log.warn({ app: app.name, deployment: serving.id, missing }, remedy.reason)
  // Several that find the same make one.
  const id = uuidOf(`heal ${serving.id} after ${newest.id}`)
  await ports.store.createDeployment({ id, app, trigger: 'heal', actor: 'tagship', ...remedy })
}

async function remedyFor(
  ports: Ports,
  { releaseId, releaseNumber, imageDigest }: Deployment,
  gone: string,
): Promise<{ readonly what: NewDeployment['what']; readonly reason: string }> {
  if (!imageDigest || (await ports.builder.has(imageDigest)))
    return { what: { kind: 'again', releaseId }, reason: gone }
  return {
    what: { kind: 'rebuild', releaseId },
    reason: `${gone}, and so was image ${imageDigest} of ${releaseName(releaseNumber)}: its commit is built again`,
  }
}

/** Not while anything is under way, and not at once after a heal that has failed. */
function mayFollow(newest: Deployment): boolean {
  if (newest.state === 'queued' || isActive(newest.state)) return false
  const failedAt = newest.trigger === 'heal' && newest.state === 'failed' ? newest.finishedAt : null
  return failedAt === null || Date.now() - failedAt.getTime() > patienceMs
}

/** The same for the same text, always: a UUID of version 8 (RFC 9562 §5.8). */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-')
}
