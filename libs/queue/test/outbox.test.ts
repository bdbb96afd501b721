import { setTimeout as sleep } from 'node:timers/promises'
import { createLogger } from '@tagship/kit'
import { afterEach, expect, test, vi } from 'vitest'
import { type OutboxDispatcher, type QueueJob, startOutboxDispatcher } from '../src/index.ts'
import { backoffStrategy } from '../src/worker.ts'

const log = createLogger('test', 'silent')
let dispatcher: OutboxDispatcher | null = null

afterEach(async () => {
  await dispatcher?.stop()
  dispatcher = null
})

/** An outbox in memory, and a queue that may be away. */
function start() {
  const rows: QueueJob[] = []
  const published: string[] = []
  const state = { away: false, takes: 0, wake: () => {} }
  dispatcher = startOutboxDispatcher({
    log,
    queue: {
      async add(jobs) {
        if (state.away) throw new Error('away')
        published.push(...jobs.map((job) => job.subject))
      },
    },
    async take(limit, publish) {
      state.takes += 1
      const batch = rows.slice(0, limit)
      if (batch.length > 0) await publish(batch)
      rows.splice(0, batch.length)
      return batch.length
    },
    onNotify(wake) {
      state.wake = wake
      return () => {
        state.wake = () => {}
      }
    },
  })
  const write = (...subjects: string[]) =>
    rows.push(...subjects.map((subject) => ({ queue: 'deployments', subject, key: subject })))
  return { rows, published, state, write }
}

test('rows are published at once when notified', async () => {
  const { published, state, write } = start()
  await vi.waitFor(() => expect(state.takes).toBe(1))
  write('a', 'b')
  state.wake()
  await vi.waitFor(() => expect(published).toEqual(['a', 'b']), { timeout: 500, interval: 5 })
})

test('rows of which no notification came are found by themselves', async () => {
  const { published, state, write } = start()
  await vi.waitFor(() => expect(state.takes).toBe(1))
  write('a')
  await vi.waitFor(() => expect(published).toEqual(['a']), { timeout: 3_000 })
})

test('more rows than fit one batch leave in order, without a pause', async () => {
  const { published, state, write } = start()
  await vi.waitFor(() => expect(state.takes).toBe(1))
  const many = Array.from({ length: 250 }, (_, index) => `job-${index}`)
  write(...many)
  state.wake()
  await vi.waitFor(() => expect(published).toEqual(many), { timeout: 500, interval: 5 })
})

test('while the queue is away rows stay, and are tried seldom however often it is notified', async () => {
  const { rows, published, state, write } = start()
  state.away = true
  write('a')
  for (let round = 0; round < 100; round += 1) {
    state.wake()
    await sleep(10)
  }
  expect(rows).toHaveLength(1)
  expect(state.takes).toBeLessThan(8)
  state.away = false
  await vi.waitFor(() => expect(published).toEqual(['a']), { timeout: 5_000 })
})

test('after the stop nothing is taken', async () => {
  const { state, write } = start()
  await dispatcher?.stop()
  const before = state.takes
  write('a')
  state.wake()
  await sleep(1_200)
  expect(state.takes).toBe(before)
})

test('each attempt waits longer than the one before, up to half a minute', () => {
  expect([1, 2, 3, 7, 50, 999].map(backoffStrategy)).toEqual([500, 1_000, 2_000, 30_000, 30_000, 30_000])
})
