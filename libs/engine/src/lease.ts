/** How long a worker may be silent before another takes its work over. */
export const leaseMs = 15_000

/**
 * Keeps a lease alive while work goes on. `signal` aborts when the lease is lost, when the work is outdated
 * (somebody wants something else), or when `stop` does (the controller shuts down): each time the work ends
 * and is looked at anew, here or elsewhere.
 */
export interface Lease extends AsyncDisposable {
  readonly signal: AbortSignal
  /** Another worker has the work now: nothing may be written any more. */
  readonly lost: () => boolean
}

export interface LeaseOptions {
  /** Prolongs the lease. @returns false where another worker has it */
  renew(): Promise<boolean>
  /** Resolves once what the work is based on has changed; not before, unless `signal` aborts. */
  outdated(signal: AbortSignal): Promise<void>
  readonly stop: AbortSignal
}

export function holdLease({ renew, outdated, stop }: LeaseOptions): Lease {
  const controller = new AbortController()
  const end = () => controller.abort()
  let lost = false
  stop.addEventListener('abort', end, { once: true })
  const renewal = setInterval(async () => {
    // A store that is away says nothing about the lease; the fence has the last word.
    lost = !(await renew().catch(() => true))
    if (lost) end()
  }, leaseMs / 3)
  const watching = outdated(controller.signal).then(end)
  if (stop.aborted) end()
  return {
    signal: controller.signal,
    lost: () => lost,
    async [Symbol.asyncDispose]() {
      clearInterval(renewal)
      stop.removeEventListener('abort', end)
      end()
      await watching
    },
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
