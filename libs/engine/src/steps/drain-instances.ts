import type { Slot } from '@tagship/domain'
import { isLeft } from '../instance-end.ts'
import { sleep } from '../lease.ts'
import { isMove } from '../routed.ts'
import { routedProcessName } from '../specs.ts'
import { findEnded } from '../watch-instances.ts'
import { happened, type Step, type StepContext, waitFor } from './step.ts'

const firstLookMs = 20
const longestLookMs = 500

/** Lets requests in flight on the old slot finish, up to the manifest's drain time; WebSockets count as such. */
export const drainInstances: Step = async (context) => {
  const { ports, claim, signal } = context
  // Of a runtime that it leaves, nothing drains: users are sent on by whoever owns their address.
  const old = isMove(claim) ? null : (claim.previous?.slot ?? null)
  const limit = claim.stateSince.getTime() + (claim.manifest?.processes[routedProcessName]?.drain ?? 0)
  let left = 0
  for (let look = firstLookMs; old && !signal.aborted; look = Math.min(look * 2, longestLookMs)) {
    if (claim.request?.kind === 'rollback') return rollbackRequested(context)
    left = (await ports.router.traffic({ seat: claim.app.seat, slot: old })).inFlight
    if (left === 0 || Date.now() > limit) break
    const ended = await findEnded(context)
    if (ended && claim.previous && (await isLeft(ports, claim.previous)))
      return happened('unhealthy', { failure: ended })
    await sleep(look, signal)
  }
  if (signal.aborted) return waitFor(null)
  return happened('drained', { detail: { left, traffic: await newTraffic(context) } })
}

/** The app is on hold since it was asked for; whoever has lifted that since has lifted it. */
export function rollbackRequested({ claim }: StepContext) {
  const by = claim.request?.actor ?? 'unknown'
  const reason = claim.request?.reason ?? null
  return happened('rollbackRequested', { actor: by, reason })
}

/** What the new slot has served so far: the bake counts from here. */
async function newTraffic({
  ports,
  claim,
}: StepContext): Promise<{ requests: number; serverErrors: number }> {
  const slot: Slot = claim.deployment.slot ?? 'blue'
  const { requests, serverErrors } = await ports.router.traffic({ seat: claim.app.seat, slot })
  return { requests, serverErrors }
}
