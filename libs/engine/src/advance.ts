import {
  type DeploymentEvent,
  type DeploymentState,
  type Failure,
  stepOf,
  TagshipError,
  toTagshipError,
  transition,
} from '@tagship/domain'
import { inPlace } from './in-place.ts'
import { holdLease, type Lease, leaseMs, whileHeld } from './lease.ts'
import type { Claim, EngineStore, Ports, StateChange } from './ports.ts'
import { steps } from './steps/index.ts'
import { happened, type Outcome, waitFor } from './steps/step.ts'
import { underLease } from './under-lease.ts'

const retryMs = 1_000

/** Who does the work, and when it has to stop: what was begun is then handed over. */
export interface Worker {
  /** Unique over all controllers. */
  readonly name: string
  readonly stop: AbortSignal
}

/**
 * Takes one deployment as far as it goes without waiting: the handler of the `deployments` queue. Each step has a
 * lease, a commit and a job of its own: whatever happens to the process on the way, the row says where the deployment
 * stands, and whoever gets the job goes on from there. Where nothing happens, that job finds the next step taken.
 */
export async function advance(ports: Ports, deploymentId: string, worker: Worker): Promise<void> {
  let more = true
  while (more) more = (await advanceOnce(ports, deploymentId, worker)) && !worker.stop.aborted
}

/** @returns whether the next step can be taken at once */
async function advanceOnce(ports: Ports, deploymentId: string, worker: Worker): Promise<boolean> {
  const since = performance.now()
  const claim = await ports.store.claim(deploymentId, worker.name, leaseMs)
  if (!claim) return beginQueued(ports, deploymentId)
  const { state } = claim.deployment
  await using lease = holdLease({
    since,
    renew: () => ports.store.renew(claim, leaseMs),
    outdated: (signal) => untilChanged(ports.store, claim, signal),
    stop: worker.stop,
  })
  await ports.fault(`${state}.claimed`)
  if (lease.lost()) return false
  const outcome = await runStep(underLease(inPlace(ports, claim.deployment.runtime), lease), claim, lease)
  if (lease.lost()) return false
  await ports.fault(`${state}.acted`)
  let committed = false
  await whileHeld(lease, worker.stop, async () => {
    committed = await settle(ports, claim, handedOver(outcome, worker.stop))
  })
  return committed
}

async function beginQueued(ports: Ports, deploymentId: string): Promise<boolean> {
  await ports.fault('queued.claimed')
  const begun = await ports.store.claimQueued(deploymentId)
  if (begun) await ports.fault('queued.committed')
  return begun
}

/** What waits when the controller stops is somebody else's at once. */
function handedOver(outcome: Outcome, stop: AbortSignal): Outcome {
  return outcome.kind === 'wait' && outcome.delayMs === null && stop.aborted ? waitFor(0) : outcome
}

async function runStep(ports: Ports, claim: Claim, lease: Lease): Promise<Outcome> {
  const { state } = claim.deployment
  const step = stepOf(state)
  if (!step) return waitFor(null)
  if (claim.request?.kind === 'cancel' && transition(state, 'cancelRequested')) {
    return happened('cancelRequested', { actor: claim.request.actor, reason: claim.request.reason })
  }
  try {
    return await steps[step]({ ports, claim, signal: lease.signal })
  } catch (error) {
    // The row changed while the step ran, the lease is lost, or the controller stops: what it threw is the echo.
    if (lease.signal.aborted || lease.lost()) return waitFor(null)
    return afterError(ports, claim, toTagshipError(error))
  }
}

/**
 * Safe to do again where the answer got lost: what is written once does not fit the claim any more.
 * @returns whether the deployment has another state now, with a step of its own
 */
async function settle(ports: Ports, claim: Claim, outcome: Outcome): Promise<boolean> {
  if (outcome.kind === 'wait') {
    await ports.store.release(claim, outcome.delayMs === null ? undefined : { delayMs: outcome.delayMs })
    return false
  }
  const change = changeOf(claim, outcome)
  const committed = await ports.store.commit(claim, change)
  await ports.fault(`${claim.deployment.state}.committed`)
  if (!committed) await ports.store.release(claim)
  return committed && stepOf(change.to) !== null
}

/** Until somebody has changed the deployment's row under the worker: a wish, or a newer deployment. */
async function untilChanged(store: EngineStore, { deployment }: Claim, signal: AbortSignal): Promise<void> {
  const { id, version } = deployment
  while (!signal.aborted) {
    await store.waitForChange(id, leaseMs, signal)
    if (signal.aborted) return
    if ((await store.versionOf(id).catch(() => version)) !== version) return
  }
}

/** A defect of the release ends the deployment; a fault of the machine is tried again until the deadline. */
function afterError(ports: Ports, claim: Claim, error: TagshipError): Outcome {
  const { deployment, app } = claim
  const fields = { app: app.name, deployment: deployment.id, state: deployment.state, err: error }
  const event = failureEvent(deployment.state, error)
  if (event && (!error.entry.retry || deadlinePassed(claim))) {
    ports.log.warn(fields, `deployment failed: ${error.message}`)
    return happened(event, { failure: failureOf(deployment.state, error) })
  }
  ports.log.error(fields, `step failed, will be tried again: ${error.message}`)
  return waitFor(retryMs)
}

/** Which event tells, in each state, that a step cannot succeed. States without one go on trying. */
const failureEvents: Partial<Record<DeploymentState, DeploymentEvent>> = {
  building: 'buildFailed',
  releasing: 'releaseFailed',
  starting: 'startFailed',
  verifying: 'unhealthy',
  awaitingPromotion: 'unhealthy',
}

function failureEvent(state: DeploymentState, error: TagshipError): DeploymentEvent | undefined {
  const late = error.code === 'instance.unhealthy' || error.code === 'instance.notListening'
  return state === 'verifying' && late ? 'deadlinePassed' : failureEvents[state]
}

function failureOf(phase: DeploymentState, error: TagshipError): Failure {
  return { phase, code: error.code, message: error.message }
}

/** The deadline counts from the end of the build, which has its own. */
function deadlinePassed({ deployment, manifest }: Claim): boolean {
  const booting = deployment.phases.find(({ name }) => name === 'releasing') ?? deployment.phases.at(-1)
  const allowed = manifest?.rollout.deadline ?? 10 * 60_000
  return booting !== undefined && Date.now() > booting.startedAt.getTime() + allowed
}

function changeOf(claim: Claim, outcome: Outcome & { kind: 'event' }): StateChange {
  const { kind: _, event, actor, reason, jobs, ...effects } = outcome
  const { deployment } = claim
  const to = transition(deployment.state, event)
  if (!to)
    throw new TagshipError('internal', `the event ${event} means nothing in the state ${deployment.state}`)
  const next = stepOf(to) ? [{ queue: 'deployments' as const, id: deployment.id }] : []
  return {
    event,
    to,
    actor: actor ?? 'tagship',
    reason: reason ?? null,
    ...effects,
    jobs: [...(jobs ?? []), ...next],
  }
}
