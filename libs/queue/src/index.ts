export type { QueueConnection } from './connection.ts'
export { type OutboxDispatcher, type OutboxOptions, startOutboxDispatcher } from './outbox.ts'
export { openQueue, type Queue, type QueueCounts, type QueueJob, type QueueOptions } from './queue.ts'
export type { Handler } from './worker.ts'
