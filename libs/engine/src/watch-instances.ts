import type { Failure } from '@tagship/domain'
import { describeEnd, hasEnded } from './instance-end.ts'
import type { StepContext } from './steps/step.ts'

/** A serving deployment whose process has ended, as the failure to tell; null while all run. */
export async function findEnded({ ports, claim }: StepContext): Promise<Failure | null> {
  const { deployment, app } = claim
  const ended = (await ports.runtime.list(app.name, deployment.id)).find(hasEnded)
  if (!ended) return null
  const { message } = await describeEnd(ports.runtime, ended)
  return { phase: deployment.state, code: 'bake.unhealthy', message }
}
