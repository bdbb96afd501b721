import { toTagshipError } from '@tagship/domain'

/** How long a worker may be silent before another takes its work over. */
export const leaseMs = 15_000

/** A renewal that finds no store is tried again so soon. */
const tryAgainMs = 1_000

/**
 * Keeps a lease alive while work goes on. `signal` aborts when the lease is lost, when the work is outdated
 * (somebody wants something else), or when `stop` does (the controller shuts down): each time the work ends
 * and is looked at anew, here or elsewhere.
 */
export interface Lease extends AsyncDisposable {
  readonly signal: AbortSignal
  /**
   * Another worker has the work now, or may have it because the lease could not be renewed in time: nothing
   * may be written any more.
   */
  readonly lost: () => boolean
}

export interface LeaseOptions {
  /** When the lease was asked for, by `performance.now()`: it runs out `leaseMs` later unless it is renewed. */
  readonly since: number
  /** Prolongs the lease. @returns false where another worker has it */
  renew(): Promise<boolean>
  /** Resolves once what the work is based on has changed; not before, unless `signal` aborts. */
  outdated(signal: AbortSignal): Promise<void>
  readonly stop: AbortSignal
}

export function holdLease({ since, renew, outdated, stop }: LeaseOptions): Lease {
  const working = new AbortController()
  const over = new AbortController()
  const end = () => working.abort()
  let taken = false
  // Counted from before each renewal was sent: the store may have counted from a moment later, never sooner.
  let runsOutAt = since + leaseMs
  const lost = () => taken || performance.now() >= runsOutAt
  const expiry = setInterval(() => lost() && end(), tryAgainMs)

  const renewing = (async () => {
    for (let pauseMs = leaseMs / 3; !lost(); ) {
      await sleep(pauseMs, over.signal)
      if (over.signal.aborted) return
      const askedAt = performance.now()
      // A store that is away says nothing about who has the lease; it just runs on towards its end.
      const answer = await renew().catch(() => null)
      if (answer === true && !lost()) runsOutAt = askedAt + leaseMs
      if (answer === false) taken = true
      pauseMs = answer === null ? tryAgainMs : leaseMs / 3
    }
    end()
  })()

  stop.addEventListener('abort', end, { once: true })
  if (stop.aborted) end()
  const watching = outdated(working.signal).then(end)
  return {
    signal: working.signal,
    lost,
    async [Symbol.asyncDispose]() {
      clearInterval(expiry)
      stop.removeEventListener('abort', end)
      over.abort()
      end()
      await Promise.all([watching, renewing])
    },
  }
}

/**
 * Writes what the work came to. A store that is away meanwhile is asked again for as long as the lease holds: the
 * work is not done twice for that. `write` has to be safe to repeat.
 */
export async function whileHeld(lease: Lease, stop: AbortSignal, write: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await write()
    } catch (error) {
      const away = toTagshipError(error).code === 'database.unavailable'
      if (!away || stop.aborted || lease.lost()) throw error
    }
    await sleep(tryAgainMs, stop)
    if (lease.lost()) return
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
