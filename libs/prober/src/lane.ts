/** A lane sends one request after the other, at a pace, until it is told to stop. */
import type { ProbeRequest } from './request.ts'

export interface Target {
  /** Where to connect to: `http://127.0.0.1:8080`. */
  readonly origin: URL
  /** What to ask for. */
  readonly host: string
  /** How long the answers that are long on purpose last, in milliseconds. */
  readonly slowMs: number
  readonly streamMs: number
  readonly webSocketMs: number
  /** How long a request may stand still before it counts as failed, in milliseconds. */
  readonly timeoutMs: number
}

export interface Lane {
  /** One request from start to end; it is never sent twice. Throws where the answer is not what it should be. */
  send(request: ProbeRequest): Promise<void>
  /** Cuts what is still under way. */
  close(): Promise<void>
}

export type OpenLane = (target: Target) => Lane

/**
 * Calls `once` at most every `paceMs`, the first time after `delayMs`; ends after the call during which
 * `stopped` was aborted.
 */
export async function runAtPace(
  once: () => Promise<void>,
  paceMs: number,
  delayMs: number,
  stopped: AbortSignal,
): Promise<void> {
  let next = performance.now() + delayMs
  await until(next, stopped)
  while (!stopped.aborted) {
    await once()
    // A late request does not make the next ones hurry: that would be a burst, not traffic.
    next = Math.max(next + paceMs, performance.now())
    await until(next, stopped)
  }
}

function until(moment: number, stopped: AbortSignal): Promise<void> {
  const ms = moment - performance.now()
  if (stopped.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      stopped.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, Math.max(0, ms))
    stopped.addEventListener('abort', done)
  })
}
