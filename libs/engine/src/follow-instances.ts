import { type Deployment, isServing, toTagshipError } from '@tagship/domain'
import type { AppRecord, Instance, Ports } from './ports.ts'

/**
 * What has ended or was removed loses its place at the router: its address is free, and whoever gets it next must
 * not be asked for us. What runs again has its place back, wherever it is now.
 */
export async function followInstances(
  ports: Ports,
  app: AppRecord,
  deployment: Deployment,
  instances: readonly Instance[],
): Promise<void> {
  if (!deployment.slot || !isFollowed(deployment)) return
  const targets = await ports.store.noteAddresses(deployment.id, instances.map(seen))
  if (!targets) return
  const ref = { seat: app.seat, slot: deployment.slot }
  ports.log.info(
    { app: app.name, deployment: deployment.id, targets },
    'the instances of a slot have changed',
  )
  try {
    if (targets.length === 0) await ports.router.closeSlot(ref)
    else await ports.router.fillSlot(ref, targets, await ports.store.currentFence(app.id))
  } catch (error) {
    // Somebody else writes there at this moment; what the rows say now, the router is told within a second again.
    if (!toTagshipError(error).code.startsWith('router.')) throw error
  }
}

/** Until its switch is done, the deployment's own worker fills the slot. */
export function isFollowed({ state }: Deployment): boolean {
  return isServing(state) || state === 'retired'
}

function seen({ id, address, state }: Instance) {
  return { id, address: state === 'running' ? address : null, unsettled: state === 'restarting' }
}
