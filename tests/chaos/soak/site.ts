/** An installation with several apps under traffic, which goes on asking while parts of it are away. */
import { setTimeout as sleep } from 'node:timers/promises'
import { ApiError, ControllerUnreachable, type DeploymentJson } from '@tagship/api'
import type { Installation } from '@tagship/tests/installation'
import type { Machine } from '../machine.ts'

export interface Site {
  readonly at: Installation
  readonly machine: Machine
}

const patienceMs = 120_000
const lookMs = 250

/**
 * Asks the API until it has an answer: while the controller is being started anew, or says that something which
 * it needs is away. A write has to carry an idempotency key: the lost answer may have been a yes.
 * @throws ApiError for every other no
 */
export async function persist<T>(ask: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + patienceMs
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      const passes = error instanceof ControllerUnreachable || (error instanceof ApiError && mayPass(error))
      if (!passes || Date.now() > deadline) throw error
    }
    await sleep(lookMs)
  }
}

/** What is away, or a first attempt with the same key, whose answer was lost. */
function mayPass({ status, detail }: ApiError): boolean {
  return status >= 500 || detail.endsWith('is still under way')
}

/** Looks at the app's newest deployments until one is as it should be. @throws after two minutes */
export async function awaitDeployment(
  { at }: Site,
  app: string,
  what: string,
  matches: (deployment: DeploymentJson) => boolean,
): Promise<DeploymentJson> {
  const deadline = Date.now() + patienceMs
  for (;;) {
    const { items } = await persist(() =>
      at.client.listDeployments({ params: { app }, query: { limit: 20 } }),
    )
    const found = items.find(matches)
    if (found) return found
    if (Date.now() > deadline) {
      const newest = items.slice(0, 3).map(({ number, tag, state }) => `${number} of ${tag} is ${state}`)
      throw new Error(`${app}: waited in vain until ${what}; ${newest.join(', ')}`)
    }
    await sleep(lookMs)
  }
}
