import { type Deployment, isServing, toTagshipError } from '@tagship/domain'
import type { AppRecord, Instance, Ports } from './ports.ts'

/**
 * What has ended or was removed loses its place at the router: its address is free, and whoever gets it next must
 * not be asked for us. What runs again has its place back, wherever it is now.
 * @param fence read before the deployment was: a later one of the app, which may fill the same slot, has a higher one
 */
export async function followInstances(
  ports: Ports,
  app: AppRecord,
  deployment: Deployment,
  instances: readonly Instance[],
  fence: bigint,
): Promise<void> {
  if (!deployment.slot || !isFollowed(deployment)) return
  const now = await ports.store.noteAddresses(deployment.id, instances.map(seen))
  if (!now) return
  const ref = { seat: app.seat, slot: deployment.slot }
  ports.log.info({ app: app.name, deployment: deployment.id, ...now }, 'instances of a slot have changed')
  try {
    if (now.targets.length === 0) await ports.router.dropTargets(ref, now.gone)
    else await ports.router.fillSlot(ref, now.targets, fence)
  } catch (error) {
    // Somebody else writes there at this moment; what the rows say now, the router is told within a second again.
    if (!toTagshipError(error).code.startsWith('router.')) throw error
  }
}

/** It holds its slot: until its switch its own worker fills that, and after its time another deployment may. */
export function isFollowed({ state }: Deployment): boolean {
  return isServing(state)
}

function seen({ id, address, state }: Instance) {
  return {
    id,
    address: state === 'running' ? address : null,
    unsettled: state === 'restarting' || state === 'replacing',
  }
}
