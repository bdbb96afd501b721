import { setTimeout as sleep } from 'node:timers/promises'
import { type Deployment, type DeploymentState, isServing, isSettled } from '@tagship/domain'
import type { Store } from '@tagship/store'

const againMs = 1_000

/** The deployment each time its row changes, from now on, also over times when the store is away; ends with the caller's `break` or the signal. */
export async function* followDeployment(
  store: Store,
  id: string,
  signal: AbortSignal,
): AsyncGenerator<Deployment> {
  let seen = -1
  while (!signal.aborted) {
    const deployment = await store.deploymentById(id).catch(() => 'away' as const)
    if (deployment === 'away') {
      await sleep(againMs, undefined, { signal }).catch(() => {})
      continue
    }
    if (!deployment) return
    if (deployment.version !== seen) {
      seen = deployment.version
      yield deployment
    }
    if (isSettled(deployment.state)) return
    await store.waitForChange(id, 5_000, signal)
  }
}

/** What whoever waits for a deployment waits for: that it serves, or that it never will. */
export function isDecided(state: DeploymentState): boolean {
  return isServing(state) || isSettled(state)
}
