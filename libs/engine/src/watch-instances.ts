import type { Failure } from '@tagship/domain'
import { describeEnd, hasEnded } from './instance-end.ts'
import type { StepContext } from './steps/step.ts'

/** A serving deployment one of whose instances has ended or is gone, as the failure to tell; null while all run. */
export async function findEnded({ ports, claim }: StepContext): Promise<Failure | null> {
  const { deployment, app } = claim
  const unhealthy = (message: string): Failure => ({
    phase: deployment.state,
    code: 'bake.unhealthy',
    message,
  })
  const expected = await ports.store.countInstances(deployment.id)
  const instances = await ports.runtime.list(app.name, deployment.id)
  const ended = instances.find(hasEnded)
  if (ended) return unhealthy((await describeEnd(ports.runtime, ended)).message)
  const missing = expected - instances.length
  return missing > 0 ? unhealthy(`${missing} of its ${expected} instances were removed by somebody`) : null
}
