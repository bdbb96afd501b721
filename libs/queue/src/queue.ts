import { type Logger, throttle } from '@tagship/kit'
import type { QueueConnection } from './connection.ts'
import { openQueues } from './open-queues.ts'
import { startSchedules } from './schedules.ts'
import { type BullQueue, openTransport } from './transport.ts'
import { type Handler, startWorker, type WorkerHandle } from './worker.ts'

export interface QueueJob {
  readonly queue: string
  /** Id of what the job is about; a job carries nothing else. */
  readonly subject: string
  /** Equal keys are one job: one that waits takes the new one's time, one that runs runs once more afterwards. */
  readonly key: string
  readonly delayMs?: number
}

export interface QueueCounts {
  readonly waiting: number
  readonly active: number
  readonly delayed: number
  readonly failed: number
}

export interface Queue {
  /** Adds them all, or rejects within seconds. @throws queue.unavailable */
  add(jobs: readonly QueueJob[]): Promise<void>
  /**
   * Has the queue's jobs handled from now on, at most `concurrency` at once here and one a key everywhere.
   * What the handler throws is logged and tried again, later each time up to half a minute.
   * The signal aborts when the queue closes.
   */
  work(queue: string, concurrency: number, handler: Handler): void
  /** A job about `id` every so often, however many controllers ask for it, also after Redis was emptied. */
  schedule(queue: string, id: string, everyMs: number): void
  /** @throws queue.unavailable */
  ping(): Promise<void>
  /** By queue, for those that were used here. @throws queue.unavailable */
  counts(): Promise<Record<string, QueueCounts>>
  /** Takes no more jobs, tells the handlers to end, and waits for them for at most two seconds. */
  close(): Promise<void>
}

export interface QueueOptions {
  readonly connection: QueueConnection
  /** Keeps the jobs of one installation apart from those of another. */
  readonly installation: string
  readonly log: Logger
}

/** High enough that the store's sweeper, and not BullMQ, has the last word. */
const attempts = 1_000

/**
 * Opens the queue; the store may be away, then and at any later time: `add` fails fast meanwhile, and work
 * goes on by itself when it is back.
 */
export async function openQueue({ connection, installation, log }: QueueOptions): Promise<Queue> {
  const onError = throttle((error: Error) =>
    log.warn({ err: error, store: connection.kind }, 'queue store failed'),
  )
  const transport = openTransport(connection, { installation, onError })
  const queues = openQueues(transport, connection.kind, onError)
  const schedules = startSchedules(queues.use, log)
  const workers: WorkerHandle[] = []
  let closed: Promise<void> | null = null

  async function close(): Promise<void> {
    schedules.stop()
    await Promise.all(workers.map((worker) => worker.close()))
    await queues.close()
    await transport.close()
  }

  return {
    async add(jobs) {
      const names = new Set(jobs.map((job) => job.queue))
      for (const name of names) {
        const own = jobs.filter((job) => job.queue === name)
        await queues.use(name, (queue) => queue.addBulk(own.map(asBullJob)))
      }
    },
    work(name, concurrency, handler) {
      workers.push(startWorker({ transport, name, concurrency, handler, log, onError }))
    },
    schedule: (name, id, everyMs) => schedules.add({ queue: name, id, everyMs }),
    ping: () => queues.ping(),
    async counts() {
      const all = queues.names().map(async (name) => [name, await queues.use(name, countsOf)] as const)
      return Object.fromEntries(await Promise.all(all))
    },
    close() {
      closed ??= close()
      return closed
    },
  }
}

function asBullJob({ subject, key, delayMs = 0 }: QueueJob) {
  return {
    name: subject,
    data: null,
    opts: {
      delay: Math.max(0, delayMs),
      attempts,
      backoff: { type: 'custom' },
      deduplication: { id: key, keepLastIfActive: true, reschedule: true },
      removeOnComplete: true,
      removeOnFail: true,
    },
  }
}

async function countsOf(queue: BullQueue): Promise<QueueCounts> {
  const { waiting = 0, active = 0, delayed = 0, failed = 0 } = await queue.getJobCounts()
  return { waiting, active, delayed, failed }
}
