import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '@tagship/kit'
import type { Transport } from './transport.ts'

/** Gets the id that the job is about. */
export type Handler = (subject: string, signal: AbortSignal) => Promise<void>

export interface WorkerHandle {
  close(): Promise<void>
}

interface WorkerSetup {
  readonly transport: Transport
  readonly name: string
  readonly concurrency: number
  readonly handler: Handler
  readonly log: Logger
  readonly onError: (error: Error) => void
}

/** A worker that is silent for so long has died; its jobs are handed to another at the second look after that. */
const lockMs = 3_000
const stalledLookMs = 1_500

/** How long `close` waits for handlers that were told to end. */
const closePatienceMs = 2_000

const retryAgainMs = 1_000

export function startWorker({
  transport,
  name,
  concurrency,
  handler,
  log,
  onError,
}: WorkerSetup): WorkerHandle {
  const worker = transport.openWorker(
    name,
    async (job, _token, signal) => {
      const subject = job.name
      await handler(subject, signal ?? new AbortController().signal).catch((error) => {
        log.warn({ queue: name, subject, err: error }, 'job failed; it is tried again')
        throw error
      })
    },
    {
      concurrency,
      autorun: false,
      lockDuration: lockMs,
      stalledInterval: stalledLookMs,
      // Losing its worker is no fault of the job.
      maxStalledCount: 1_000_000,
      runRetryDelay: retryAgainMs,
      settings: { backoffStrategy },
    },
  )
  const closing = new AbortController()
  const running = keepRunning(() => worker.run(), closing.signal, onError)

  return {
    async close() {
      closing.abort()
      worker.cancelAllJobs('the queue closes')
      const closed = Promise.all([worker.close(), running])
      if (await endsWithin(closed, closePatienceMs)) return
      // A store that is away answers no farewell: its connections are cut, and nobody waits for the rest.
      closed.catch(onError)
      worker.disconnect().catch(onError)
    },
  }
}

/** Half a second, doubled each time, up to half a minute. */
export const backoffStrategy = (attempt: number): number => Math.min(500 * 2 ** (attempt - 1), 30_000)

/** A worker gives up where the store is away at its start; this one does not. */
async function keepRunning(
  run: () => Promise<void>,
  closing: AbortSignal,
  onError: (error: Error) => void,
): Promise<void> {
  while (!closing.aborted) {
    await run().catch(onError)
    await sleep(retryAgainMs, undefined, { signal: closing }).catch(() => {})
  }
}

async function endsWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  const ended = new AbortController()
  const late = sleep(ms, false, { signal: ended.signal }).catch(() => false)
  const inTime = await Promise.race([work.then(() => true), late])
  ended.abort()
  return inTime
}
