import { TagshipError } from '@tagship/domain'
import { isMove, routed } from '../routed.ts'
import { happened, type Step } from './step.ts'

/** Moves the traffic back to the old slot, which is still warm. Has no failure edge: it is tried until it is done. */
export const revertRoute: Step = async ({ ports, claim }) => {
  const { previous, app } = claim
  if (!previous?.slot)
    throw new TagshipError('internal', `deployment ${claim.deployment.id} has nothing to go back to`)
  // What the app would have left still serves where it is: only the way to the new runtime has to go.
  if (isMove(claim)) await ports.router.forget(app.seat)
  else if ((await ports.router.liveSlot(app.seat)) !== null) {
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
