import { TagshipError } from '@tagship/domain'
import pLimit from 'p-limit'
import type { Instance, InstanceSpec } from '../ports.ts'
import { instanceSpecs, settleProcesses, slotOf } from '../specs.ts'
import { happened, type Step, type StepContext } from './step.ts'

/**
 * On one machine, of all deployments together, in the order in which they ask: where a hundred apps boot at once, each waits
 * here, where no deadline runs, and not in its health check.
 */
const startInTurn = pLimit(4)

/**
 * Boots every instance of the new release in the idle slot, beside what is live. What an older deployment
 * left warm there loses its place at the router first; maintenance removes it.
 */
export const startInstances: Step = async (context) => {
  const { ports, claim } = context
  if (claim.manifest?.release) await ports.runtime.removeOneOff(claim.app.name, claim.deployment.id)
  const [vacated, instances] = await Promise.all([vacateSlot(context), ensureInstances(context)])
  return happened('started', {
    detail: { instances },
    jobs: vacated ? [{ queue: 'maintenance', id: 'warm' }] : [],
  })
}

/** Starts those of the deployment's instances that do not run. @returns how many there are to be */
export async function ensureInstances(context: StepContext): Promise<number> {
  const { ports, claim } = context
  const specs = instanceSpecs(claim, await settledProcesses(context), await ports.store.environment(claim))
  const starts = await Promise.allSettled(startAll(context, specs))
  const failure = starts.find((start) => start.status === 'rejected')
  if (failure) throw failure.reason
  return specs.length
}

/** What an older deployment left in the slot loses its place at the router. @returns whether there was any */
async function vacateSlot({ ports, claim }: StepContext): Promise<boolean> {
  await ports.router.emptySlot({ seat: claim.app.seat, slot: slotOf(claim) }, claim.fence)
  return ports.store.vacateSlot(claim)
}

function startAll({ ports, signal }: StepContext, specs: readonly InstanceSpec[]): Promise<Instance>[] {
  const inTurn = (start: () => Promise<Instance>) => (ports.runtime.takesTurns ? startInTurn(start) : start())
  return specs.map((spec) =>
    inTurn(async () => {
      if (signal.aborted) throw new TagshipError('deployment.canceled', 'the start was interrupted')
      const instance = await ports.runtime.start(spec)
      await ports.fault('starting.instanceStarted')
      return instance
    }),
  )
}

/** The manifest's processes, with ports from the image where the manifest names none. @throws image.missing */
export async function settledProcesses({ ports, claim }: Pick<StepContext, 'ports' | 'claim'>) {
  const { manifest, deployment } = claim
  if (!manifest || !deployment.imageDigest)
    throw new TagshipError('internal', `deployment ${deployment.id} has no manifest`)
  const image = await ports.runtime.imageFacts(deployment.imageDigest)
  if (!image)
    throw new TagshipError(
      'image.missing',
      `the image ${deployment.imageDigest} is no longer on this machine`,
    )
  return settleProcesses(manifest, image)
}
