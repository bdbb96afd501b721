import { setTimeout as sleep } from 'node:timers/promises'
import { TagshipError } from '@tagship/domain'
import type { BullQueue, Transport } from './transport.ts'

/** Nobody waits longer than this for the store. */
const patienceMs = 5_000

export interface OpenQueues {
  /** Runs the work on the queue of this name. @throws queue.unavailable */
  use<T>(name: string, work: (queue: BullQueue) => Promise<T>): Promise<T>
  /** @throws queue.unavailable */
  ping(): Promise<void>
  names(): string[]
  close(): Promise<void>
}

/**
 * Queues, opened when they are first used. One that failed is opened anew next time: BullMQ remembers for
 * ever that a store was away at the start.
 */
export function openQueues(transport: Transport, store: string, onError: (error: Error) => void): OpenQueues {
  const open = new Map<string, BullQueue>()

  async function attempt<T>(work: () => Promise<T>): Promise<T> {
    const over = new AbortController()
    try {
      return await Promise.race([work(), tooLate(over.signal)])
    } catch (cause) {
      const words = cause instanceof Error ? cause.message : String(cause)
      throw new TagshipError('queue.unavailable', `the jobs cannot be kept in ${store}: ${words}`, { cause })
    } finally {
      over.abort()
    }
  }

  function queueOf(name: string): BullQueue {
    const known = open.get(name)
    if (known) return known
    const queue = transport.openQueue(name)
    open.set(name, queue)
    return queue
  }

  return {
    names: () => [...open.keys()],
    ping: () => attempt(() => transport.ping()),
    async use(name, work) {
      await attempt(() => transport.ping())
      const queue = queueOf(name)
      try {
        return await attempt(() => work(queue))
      } catch (error) {
        if (open.get(name) === queue) open.delete(name)
        queue.close().catch(onError)
        throw error
      }
    },
    async close() {
      await Promise.all([...open.values()].map((queue) => attempt(() => queue.close()).catch(onError)))
    },
  }
}

async function tooLate(signal: AbortSignal): Promise<never> {
  await sleep(patienceMs, undefined, { signal })
  throw new Error(`no answer within ${patienceMs / 1_000} s`)
}
