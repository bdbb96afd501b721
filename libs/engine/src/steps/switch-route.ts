import { type HostName, type Slot, TagshipError } from '@tagship/domain'
import { fillSlot } from '../fill-slot.ts'
import { sleep } from '../lease.ts'
import type { Instance, SlotRef } from '../ports.ts'
import { isMove, routed } from '../routed.ts'
import { routedProcessName, type SettledProcess, slotOf } from '../specs.ts'
import { settledProcesses } from './start-instances.ts'
import { happened, type Outcome, type Step, type StepContext } from './step.ts'

/**
 * The switch, in four moves: the new slot is filled at the router, one atomic write moves the traffic, the
 * router is read back, and a request through it has to be answered by the new release. Where that last one
 * fails, the route goes back first, and only then is the deployment refused.
 */
export const switchRoute: Step = async (context) => {
  const { ports, claim } = context
  const ref = { seat: claim.app.seat, slot: slotOf(claim) }
  const [processes, instances] = await Promise.all([
    settledProcesses(context),
    ports.runtime.list(claim.app.name, claim.deployment.id),
  ])
  const web = processes.find(({ name }) => name === routedProcessName)
  if (!web?.port) return switched(context)

  await fillSlot(context, processes, instances)
  await ports.fault('switching.beforeSwitch')
  const live = await ports.router.switchTo(ref, claim.fence, routed(claim))
  await ports.fault('switching.afterSwitch')
  if (live !== ref.slot)
    return refused('router.refused', `the router still shows ${live} as live after the switch to ${ref.slot}`)

  const problem = await confirm(context, web, instances)
  if (!problem) return switched(context)
  await requireSwitched(context, ref)
  await goBack(context, ref)
  return refused('router.unconfirmed', problem)
}

function switched({ claim }: StepContext): Outcome {
  const { deployment } = claim
  return happened('switched', {
    detail: { slot: slotOf(claim), from: claim.app.liveSlot },
    serves: { slot: slotOf(claim), deploymentId: deployment.id },
  })
}

function refused(code: 'router.refused' | 'router.unconfirmed', message: string): Outcome {
  return happened('refused', { failure: { phase: 'switching', code, message } })
}

/** Null when a request through the router was answered by one of the instances; else what happened instead. */
async function confirm(
  { ports, claim, signal }: StepContext,
  web: SettledProcess,
  instances: readonly Instance[],
): Promise<string | null> {
  const names = new Set(instances.map(({ name }) => name))
  const host = claim.app.hosts[0] as HostName | undefined
  if (!host) return null
  const deadline = Date.now() + ports.router.settleMs
  let last = 'no answer'
  while (Date.now() < deadline) {
    const answer = await ports.router.askThrough(host, web.spec.health.path ?? '/')
    if (answer.instance && names.has(answer.instance)) return null
    last = answer.instance
      ? `${answer.instance} answered instead`
      : `status ${answer.status} came from no instance`
    await sleep(50, signal)
  }
  return `a request to ${host} through the router: ${last}`
}

/** A router that has been started again may have lost the switch: that says nothing of the release. */
async function requireSwitched({ ports }: StepContext, ref: SlotRef): Promise<void> {
  const live = await ports.router.liveSlot(ref.seat)
  if (live !== ref.slot) {
    throw new TagshipError(
      'router.unavailable',
      `the router shows ${live} again after the switch to ${ref.slot}`,
    )
  }
}

/** @throws router.* until the read-back shows the old slot: only then may the deployment be called refused */
async function goBack({ ports, claim }: StepContext, ref: SlotRef): Promise<void> {
  if (isMove(claim)) return ports.router.forget(claim.app.seat)
  const old: Slot | null = claim.app.liveSlot
  if (!old) return
  const live = await ports.router.switchTo({ seat: ref.seat, slot: old }, claim.fence, routed(claim))
  if (live !== old) throw new TagshipError('router.refused', `the router shows ${live} instead of ${old}`)
}
