import { Queue, Worker } from 'bullmq'
import { Redis, type RedisOptions } from 'ioredis'
import type { QueueConnection } from './connection.ts'
import type { Transport, TransportOptions } from './transport.ts'

/** How long one command may take before Redis counts as away. */
const commandTimeoutMs = 3_000

const pingKeptMs = 60_000

const reconnect = {
  connectTimeout: 5_000,
  // A line that was cut without a word is noticed within about 20 s, also by who waits for a job.
  keepAlive: 10_000,
  retryStrategy: (attempt: number) => Math.min(50 * 2 ** Math.min(attempt, 6), 2_000),
} satisfies RedisOptions

export function redisTransport(
  connection: Exclude<QueueConnection, { kind: 'postgres' }>,
  { installation, onError }: TransportOptions,
): Transport {
  const prefix = `tagship:${installation}`
  const address = connection.kind === 'redis' ? { url: connection.url } : { path: connection.path }
  // What the caller waits for fails fast, so that the outbox keeps the row; nothing is kept in memory here.
  const failFast = {
    ...reconnect,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: commandTimeoutMs,
  } satisfies RedisOptions
  const client =
    connection.kind === 'redis'
      ? new Redis(connection.url, failFast)
      : new Redis({ path: connection.path, ...failFast })
  client.on('error', onError)

  return {
    // A server that answers may still take nothing: a replica, or one that is out of memory.
    ping: async () => {
      await client.set(`${prefix}:ping`, '1', 'PX', pingKeptMs)
    },
    openQueue(name) {
      const queue = new Queue<null, void>(name, { connection: client, prefix, skipWaitingForReady: true })
      return queue.on('error', onError)
    },
    openWorker(name, processor, options) {
      const patient = { ...address, ...reconnect, maxRetriesPerRequest: null }
      const worker = new Worker<null, void>(name, processor, { ...options, prefix, connection: patient })
      return worker.on('error', onError)
    },
    close: async () => client.disconnect(),
  }
}
