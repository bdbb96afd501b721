import { createPostgresBackend, withBackend } from 'bullmq'
import { Pool } from 'pg'
import type { Transport, TransportOptions } from './transport.ts'

/** How long a new connection may take before Postgres counts as away. */
const connectTimeoutMs = 3_000

/** For a machine without Redis: the jobs of an installation have a schema of their own in its database. */
export function postgresTransport(url: string, { installation, onError }: TransportOptions): Transport {
  const { Queue, Worker } = withBackend(createPostgresBackend)
  const pool = { connectionString: url, connectionTimeoutMillis: connectTimeoutMs, max: 3 }
  const connection = { ...pool, schema: `queue_${installation}`, migrate: true }
  const pinger = new Pool({ ...pool, max: 1 })
  pinger.on('error', onError)

  return {
    ping: async () => {
      await pinger.query('select 1')
    },
    openQueue(name) {
      const queue = new Queue<null, void>(name, { connection })
      queue.on('error', onError)
      return queue
    },
    openWorker(name, processor, options) {
      const worker = new Worker<null, void>(name, processor, { ...options, connection })
      worker.on('error', onError)
      return worker
    },
    close: () => pinger.end(),
  }
}
