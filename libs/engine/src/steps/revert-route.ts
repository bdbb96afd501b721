import { TagshipError } from '@tagship/domain'
import { routed } from '../routed.ts'
import { happened, type Step } from './step.ts'

/** Moves the traffic back to the old slot, which is still warm. Has no failure edge: it is tried until it is done. */
export const revertRoute: Step = async ({ ports, claim }) => {
  const { previous, app } = claim
  if (!previous?.slot)
    throw new TagshipError('internal', `deployment ${claim.deployment.id} has nothing to go back to`)
  const hasRoute = (await ports.router.liveSlot(app.seat)) !== null
  if (hasRoute) {
    const ref = { seat: app.seat, slot: previous.slot }
    await ports.fault('reverting.beforeSwitch')
    const live = await ports.router.switchTo(ref, claim.fence, routed(claim))
    await ports.fault('reverting.afterSwitch')
    if (live !== previous.slot)
      throw new TagshipError('router.refused', `the router shows ${live} instead of ${previous.slot}`)
  }
  return happened('reverted', {
    detail: { slot: previous.slot },
    serves: { slot: previous.slot, deploymentId: previous.id },
  })
}
