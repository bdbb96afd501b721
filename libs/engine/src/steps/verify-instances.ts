import { chooseProbe, type Probe, type ProbeResult, probeDelay, TagshipError } from '@tagship/domain'
import { fillSlot } from '../fill-slot.ts'
import { recordingHealth } from '../health-record.ts'
import { describeEnd, hasEnded, wasEnded } from '../instance-end.ts'
import { sleep } from '../lease.ts'
import type { Instance, Runtime } from '../ports.ts'
import { processOf, type SettledProcess, settleProcesses } from '../specs.ts'
import { ensureInstances, settledProcesses } from './start-instances.ts'
import { happened, type Step, type StepContext, waitFor } from './step.ts'

const promotionCheckMs = 2_000

/**
 * Probes every instance until all are healthy. An instance that ends or starts over is a failure at once,
 * whatever its deadline says. With `promotion: manual` a new release then waits for a person, and is
 * looked at again from time to time.
 */
export const verifyInstances: Step = async (context) => {
  const { claim, signal } = context
  const promoted = claim.request?.kind === 'promote'
  const since = claim.stateSince.getTime()
  if (claim.deployment.state === 'awaitingPromotion') {
    if (promoted) return happened('promoted', { actor: claim.request.actor, reason: claim.request.reason })
    const deadline = since + (claim.manifest?.rollout.deadline ?? 0)
    if (Date.now() > deadline) {
      return happened('deadlinePassed', { reason: 'nobody promoted it before rollout.deadline' })
    }
  }

  // What waits for a person is looked at again and again: only the first time is of interest.
  if (claim.deployment.state === 'verifying') await recordingHealth(context, verifyAll)
  else await verifyAll(context)
  if (signal.aborted) return waitFor(null)
  if (claim.deployment.state === 'awaitingPromotion') return waitFor(promotionCheckMs)
  if (!waitsForPerson(claim)) return happened('healthy')
  await showPreview(context)
  return happened('held')
}

/** What was live before is what users are waiting for: nobody is asked a second time. */
function waitsForPerson({ manifest, deployment: { trigger } }: StepContext['claim']): boolean {
  return manifest?.rollout.promotion === 'manual' && trigger !== 'rollback' && trigger !== 'heal'
}

/** While it waits for a person, the new release can be looked at through the router. */
async function showPreview(context: StepContext): Promise<void> {
  const { ports, claim } = context
  const instances = await ports.runtime.list(claim.app.name, claim.deployment.id)
  await fillSlot(context, await settledProcesses(context), instances)
}

async function verifyAll(context: StepContext): Promise<void> {
  const { ports, claim } = context
  const { imageDigest, id } = claim.deployment
  if (!claim.manifest || !imageDigest) throw new TagshipError('internal', `deployment ${id} has no manifest`)
  const [image, found] = await Promise.all([
    ports.runtime.imageFacts(imageDigest),
    ports.runtime.list(claim.app.name, id),
  ])
  if (!image) throw new TagshipError('image.missing', `the image ${imageDigest} is no longer on this machine`)
  const ended = found.some(wasEnded)
  const instances = ended ? await bringBack(context) : found
  // What waits for a person was healthy before: each look gives it the whole time again.
  const since = ended || claim.deployment.state !== 'verifying' ? Date.now() : claim.stateSince.getTime()
  const processes = settleProcesses(claim.manifest, image)
  const expected = processes.reduce((sum, { spec }) => sum + spec.replicas, 0)
  if (instances.length < expected) {
    throw new TagshipError(
      'instance.exited',
      `${expected - instances.length} of ${expected} instances are gone: somebody removed them`,
    )
  }
  const recorded = instances.map((instance) => ({ ...instance, port: processOf(processes, instance).port }))
  await Promise.all([
    ports.store.recordInstances(id, recorded),
    ...instances.map((instance) => {
      const process = processOf(processes, instance)
      const probe = chooseProbe(process.spec.health, process.port, image)
      return verifyOne(context, instance, process, probe, since)
    }),
  ])
}

/** What was ended with its engine is started again: it says nothing of the release. */
async function bringBack(context: StepContext): Promise<readonly Instance[]> {
  const { ports, claim } = context
  await ensureInstances(context)
  return ports.runtime.list(claim.app.name, claim.deployment.id)
}

/**
 * Returns once the instance is healthy, or the signal aborts.
 * @param since when its time to become healthy began, in milliseconds since 1970
 * @throws instance.*, and engine.unavailable where it has to be brought back
 */
async function verifyOne(
  { ports, claim, signal }: StepContext,
  found: Instance,
  { spec }: SettledProcess,
  probe: Probe,
  since: number,
): Promise<void> {
  const deadline = since + spec.health.deadline
  let instance = found
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    if (wasEnded(instance) && Date.now() <= deadline) {
      throw new TagshipError('engine.unavailable', `${instance.name} was ended, and not by itself`)
    }
    if (hasEnded(instance)) throw await describeEnd(ports.runtime, instance)
    const result = await ports.runtime.probe(instance, probe, spec.health)
    if (result.healthy) return
    if (Date.now() > deadline) throw await describeFailure(ports.runtime, instance, probe, result)
    // The look at it takes place within the pause: it must not put off the next probe.
    const [present] = await Promise.all([
      ports.runtime.list(claim.app.name, claim.deployment.id),
      sleep(probeDelay(attempt, spec.health.interval), signal),
    ])
    const again = present.find(({ id }) => id === instance.id)
    if (!again) throw new TagshipError('instance.exited', `${instance.name} was removed by somebody`)
    instance = again
  }
}

/** Where it listens instead costs questions to the engine, so it is asked once, when it is told. */
async function describeFailure(
  runtime: Runtime,
  instance: Instance,
  probe: Probe,
  { reason, detail }: ProbeResult & { healthy: false },
): Promise<TagshipError> {
  const who = `${instance.process} (${instance.name})`
  if (reason !== 'notListening' || !('port' in probe)) {
    return new TagshipError('instance.unhealthy', `${who}: ${detail}`)
  }
  const elsewhere = await runtime.listensElsewhere(instance, probe.port)
  return new TagshipError('instance.notListening', `${who}: ${detail}${elsewhere}`)
}
