import { type Logger, throttle } from '@tagship/kit'
import type { Queue, QueueJob } from './queue.ts'

export interface OutboxOptions {
  /**
   * Hands up to `limit` rows to `publish` and removes them when it has resolved; keeps them where it rejects.
   * @returns how many there were
   */
  readonly take: (limit: number, publish: (jobs: readonly QueueJob[]) => Promise<void>) => Promise<number>
  /** Calls back whenever rows may have been added. @returns how to unsubscribe */
  readonly onNotify: (wake: () => void) => () => void
  readonly queue: Pick<Queue, 'add'>
  readonly log: Logger
}

export interface OutboxDispatcher {
  /** Takes no more; resolves when what is under way is over. */
  stop(): Promise<void>
}

const batch = 100

/** A notification may be lost with its connection; rows are then found at the next look. */
const idleMs = 1_000

const backoffMs = { first: 100, longest: 2_000 }

/**
 * Moves jobs from the outbox, where they were committed, to the queue: at once when notified. A crash between
 * the two publishes a job again, and never loses one.
 */
export function startOutboxDispatcher({ take, onNotify, queue, log }: OutboxOptions): OutboxDispatcher {
  const stopping = new AbortController()
  const warn = throttle((error: unknown) => log.warn({ err: error }, 'jobs stay in the outbox'))
  const bell = makeBell(stopping.signal)
  const unsubscribe = onNotify(bell.ring)
  const running = run()

  async function run(): Promise<void> {
    let failures = 0
    while (!stopping.signal.aborted) {
      try {
        const taken = await take(batch, (jobs) => queue.add(jobs))
        failures = 0
        if (taken < batch) await bell.wait(idleMs)
      } catch (error) {
        warn(error)
        await bell.pause(Math.min(backoffMs.first * 2 ** failures, backoffMs.longest))
        failures += 1
      }
    }
  }

  return {
    async stop() {
      stopping.abort()
      unsubscribe()
      await running
    },
  }
}

/** Remembers a ring until somebody waits for it. */
function makeBell(stop: AbortSignal) {
  let rung = false
  let answer = () => {}

  /** Resolves after `ms`, at the stop, or at `answer()`. */
  const rest = (ms: number) =>
    new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer)
        stop.removeEventListener('abort', done)
        answer = () => {}
        resolve()
      }
      const timer = setTimeout(done, ms)
      stop.addEventListener('abort', done)
      if (stop.aborted) done()
      else answer = done
    })

  return {
    ring(): void {
      rung = true
      answer()
    },
    /** Until the bell rings, or was rung since the last wait; at most `ms`. */
    async wait(ms: number): Promise<void> {
      if (!rung) await rest(ms)
      rung = false
    },
    /** The whole of `ms`, whoever rings; only the stop ends it early. */
    async pause(ms: number): Promise<void> {
      const until = Date.now() + ms
      while (!stop.aborted && Date.now() < until) await rest(until - Date.now())
    },
  }
}
