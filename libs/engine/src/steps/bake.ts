import type { Failure } from '@tagship/domain'
import { isLeft } from '../instance-end.ts'
import { findEnded } from '../watch-instances.ts'
import { rollbackRequested } from './drain-instances.ts'
import { happened, type Step, type StepContext, waitFor } from './step.ts'

const lookMs = 2_000

/**
 * Watches the new release under real traffic while the old slot stays warm. Ends early for a newer
 * deployment, and at once where there is nothing to go back to.
 */
export const bake: Step = async (context) => {
  const { ports, claim } = context
  if (claim.request?.kind === 'rollback') return rollbackRequested(context)
  const { previous, newerWaits, manifest } = claim
  const baked = happened('baked', {
    ...(previous ? { retires: previous.id } : {}),
    ...(newerWaits ? { reason: 'a newer deployment waits' } : {}),
    jobs: [{ queue: 'maintenance', id: 'warm', delayMs: manifest?.rollout.keepWarm ?? 0 }],
  })
  if (!previous) return baked

  const problem = (await findEnded(context)) ?? (await tooManyErrors(context))
  if (problem && (await isLeft(ports, previous))) {
    return happened('unhealthy', { failure: problem })
  }
  if (problem)
    ports.log.warn({ app: claim.app.name, problem }, 'unhealthy, but nothing is left to go back to')
  const left = claim.stateSince.getTime() + (claim.manifest?.rollout.bake ?? 0) - Date.now()
  if (left <= 0 || newerWaits) return baked
  return waitFor(Math.min(left, lookMs))
}

async function tooManyErrors({ ports, claim }: StepContext): Promise<Failure | null> {
  const analysis = claim.manifest?.rollout.analysis
  const slot = claim.deployment.slot
  if (!analysis || analysis.maxErrorRate === null || !slot) return null
  const now = await ports.router.traffic({ seat: claim.app.seat, slot })
  const before = trafficBefore(claim.enteredWith)
  // A router that was started again counts from zero.
  const fresh = now.requests < before.requests
  const requests = now.requests - (fresh ? 0 : before.requests)
  const errors = now.serverErrors - (fresh ? 0 : before.serverErrors)
  if (requests < analysis.minRequests || errors / requests <= analysis.maxErrorRate) return null
  const message = `${errors} of ${requests} requests were answered with a 5xx status; ${percent(analysis.maxErrorRate)} are allowed`
  return { phase: 'baking', code: 'bake.unhealthy', message }
}

function trafficBefore(detail: Readonly<Record<string, unknown>>): {
  requests: number
  serverErrors: number
} {
  const traffic = detail.traffic as { requests?: number; serverErrors?: number } | undefined
  return { requests: traffic?.requests ?? 0, serverErrors: traffic?.serverErrors ?? 0 }
}

function percent(share: number): string {
  return `${Math.round(share * 1_000) / 10} %`
}
