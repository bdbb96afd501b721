import type { Processor, Queue, Worker, WorkerOptions } from 'bullmq'
import type { QueueConnection } from './connection.ts'
import { postgresTransport } from './transport-postgres.ts'
import { redisTransport } from './transport-redis.ts'

/** A job's name is what it is about; it carries nothing else. */
export type BullQueue = Pick<
  Queue<null, void>,
  'addBulk' | 'getJobCounts' | 'getJobScheduler' | 'upsertJobScheduler' | 'close'
>
type BullWorker = Pick<Worker<null, void>, 'run' | 'close' | 'disconnect' | 'cancelAllJobs'>
type WorkOptions = Omit<WorkerOptions, 'connection' | 'prefix'>

/** BullMQ over one kind of store. Queues are for the caller's own time; workers wait for a store that is away. */
export interface Transport {
  /** Rejects at once, or after a short time, where the store does not answer, or takes no writes. */
  ping(): Promise<void>
  openQueue(name: string): BullQueue
  openWorker(name: string, processor: Processor<null, void>, options: WorkOptions): BullWorker
  close(): Promise<void>
}

export interface TransportOptions {
  readonly installation: string
  /** Hears of every failure of the store; without it, BullMQ would end the process. */
  readonly onError: (error: Error) => void
}

export function openTransport(connection: QueueConnection, options: TransportOptions): Transport {
  if (connection.kind === 'postgres') return postgresTransport(connection.url, options)
  return redisTransport(connection, options)
}
