import type { Claim, EngineStore } from './ports.ts'

/** How long a worker may be silent before another takes its work over. */
export const leaseMs = 15_000

/**
 * Keeps a lease alive while work goes on. `signal` aborts when the lease is lost, when the deployment's row
 * changes under the worker (somebody wants something), or when `stop` does (the controller shuts down):
 * each time the step ends and is looked at anew, here or elsewhere.
 */
export interface Lease extends AsyncDisposable {
  readonly signal: AbortSignal
  /** Another worker has the deployment now: nothing may be written any more. */
  readonly lost: () => boolean
}

export function holdLease(store: EngineStore, claim: Claim, stop: AbortSignal): Lease {
  const controller = new AbortController()
  const end = () => controller.abort()
  stop.addEventListener('abort', end, { once: true })
  let lost = false
  const renewal = setInterval(async () => {
    const held = await store.renew(claim, leaseMs).catch(() => true)
    if (held) return
    lost = true
    controller.abort()
  }, leaseMs / 3)
  const watch = watchForChange(store, claim, controller)
  return {
    signal: controller.signal,
    lost: () => lost,
    async [Symbol.asyncDispose]() {
      clearInterval(renewal)
      stop.removeEventListener('abort', end)
      controller.abort()
      await watch
    },
  }
}

async function watchForChange(store: EngineStore, claim: Claim, controller: AbortController): Promise<void> {
  const { id, version } = claim.deployment
  while (!controller.signal.aborted) {
    await store.waitForChange(id, leaseMs, controller.signal)
    if (controller.signal.aborted) return
    const present = await store.versionOf(id).catch(() => version)
    if (present !== version) controller.abort()
  }
}

/** Resolves after `ms`, or at once when the signal aborts. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
  })
}
