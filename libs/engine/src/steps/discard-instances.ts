import { TagshipError } from '@tagship/domain'
import { discardDeployment } from '../discard-deployment.ts'
import { sleep } from '../lease.ts'
import { routedProcessName } from '../specs.ts'
import { happened, type Step, type StepContext, waitFor } from './step.ts'

/**
 * Removes what the deployment booted. One that took traffic is drained first. Has no failure edge: it is
 * tried until it is done.
 */
export const discardInstances: Step = async (context) => {
  const { ports, claim, signal } = context
  const { deployment, app } = claim
  if (deployment.slot) {
    const live = await ports.router.liveSlot(app.seat)
    if (live === deployment.slot && claim.previous) {
      throw new TagshipError(
        'router.refused',
        `the router still sends traffic to ${live}, which is to be removed`,
      )
    }
    if (deployment.state === 'evicting') await drain(context)
    if (signal.aborted) return waitFor(null)
    if (live !== deployment.slot)
      await ports.router.emptySlot({ seat: app.seat, slot: deployment.slot }, claim.fence)
  }
  await discardDeployment(ports, app.name, deployment.id, deployment.state)
  return happened('discarded')
}

async function drain({ ports, claim, signal }: StepContext): Promise<void> {
  const { slot } = claim.deployment
  const limit = claim.stateSince.getTime() + (claim.manifest?.processes[routedProcessName]?.drain ?? 0)
  while (slot && !signal.aborted && Date.now() < limit) {
    const { inFlight } = await ports.router.traffic({ seat: claim.app.seat, slot })
    if (inFlight === 0) return
    await sleep(100, signal)
  }
}
