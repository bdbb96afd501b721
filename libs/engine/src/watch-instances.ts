import type { Failure } from '@tagship/domain'
import { describeEnd, hasEnded, wasEnded } from './instance-end.ts'
import { sleep } from './lease.ts'
import type { Instance } from './ports.ts'
import type { StepContext } from './steps/step.ts'

/** What an engine takes to bring back what it has ended with itself. */
const comebackMs = 10_000
const lookMs = 250

/** A serving deployment one of whose instances has ended or is gone, as the failure to tell; null while all run. */
export async function findEnded(context: StepContext): Promise<Failure | null> {
  const { ports, claim } = context
  const { deployment } = claim
  const unhealthy = (message: string): Failure => ({
    phase: deployment.state,
    code: 'bake.unhealthy',
    message,
  })
  const expected = await ports.store.countInstances(deployment.id)
  const instances = await listSettled(context)
  const ended = instances.find(hasEnded)
  if (ended) return unhealthy((await describeEnd(ports.runtime, ended)).message)
  const missing = expected - instances.length
  return missing > 0 ? unhealthy(`${missing} of its ${expected} instances were removed by somebody`) : null
}

async function listSettled({ ports, claim, signal }: StepContext): Promise<readonly Instance[]> {
  const deadline = Date.now() + comebackMs
  for (;;) {
    const instances = await ports.runtime.list(claim.app.name, claim.deployment.id)
    if (!instances.some(wasEnded) || signal.aborted || Date.now() > deadline) return instances
    await sleep(lookMs, signal)
  }
}
