import { TagshipError } from '@tagship/domain'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { holdLease, leaseMs, whileHeld } from '../src/lease.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const never = new AbortController().signal
const away = () => new TagshipError('database.unavailable', 'away')
const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))

function hold(renew: () => Promise<boolean>, stop = never) {
  return holdLease({ since: performance.now(), renew, outdated: untilAborted, stop })
}

it('holds for as long as it is renewed', async () => {
  const renew = vi.fn(async () => true)
  await using lease = hold(renew)
  await vi.advanceTimersByTimeAsync(10 * leaseMs)
  expect(lease.lost()).toBe(false)
  expect(lease.signal.aborted).toBe(false)
  expect(renew.mock.calls.length).toBeGreaterThanOrEqual(29)
})

it('is lost as soon as the store says that another has it', async () => {
  await using lease = hold(async () => false)
  await vi.advanceTimersByTimeAsync(leaseMs / 3 + 10)
  expect(lease.lost()).toBe(true)
  expect(lease.signal.aborted).toBe(true)
})

it.each([
  ['refuses', () => Promise.reject(away())],
  ['hangs', () => new Promise<boolean>(() => {})],
])('is lost when its time has passed while the store %s', async (_, renew) => {
  const lease = hold(renew)
  await vi.advanceTimersByTimeAsync(leaseMs - 100)
  expect(lease.lost()).toBe(false)
  expect(lease.signal.aborted).toBe(false)
  await vi.advanceTimersByTimeAsync(1_200)
  expect(lease.lost()).toBe(true)
  expect(lease.signal.aborted).toBe(true)
})

it('counts from when the renewal was sent, not from its answer', async () => {
  let answer = (_: boolean) => {}
  const renew = vi.fn(() => new Promise<boolean>((resolve) => (answer = resolve)))
  const lease = hold(renew)
  await vi.advanceTimersByTimeAsync(leaseMs - 100)
  answer(true)
  // Sent after a third, answered at the end: two thirds of it are gone already.
  await vi.advanceTimersByTimeAsync(leaseMs / 3 - 1_000)
  expect(lease.lost()).toBe(false)
  await vi.advanceTimersByTimeAsync(2_000)
  expect(lease.lost()).toBe(true)
})

it('survives a store that is away for less than its time', async () => {
  let there = false
  await using lease = hold(async () => {
    if (!there) throw away()
    return true
  })
  await vi.advanceTimersByTimeAsync(leaseMs - 2_000)
  there = true
  await vi.advanceTimersByTimeAsync(10 * leaseMs)
  expect(lease.lost()).toBe(false)
})

it('lets the result be written when the store is back', async () => {
  await using lease = hold(async () => true)
  const write = vi.fn<() => Promise<void>>().mockRejectedValueOnce(away()).mockRejectedValueOnce(away())
  write.mockResolvedValue()
  const written = whileHeld(lease, never, write)
  await vi.advanceTimersByTimeAsync(5_000)
  await written
  expect(write).toHaveBeenCalledTimes(3)
})

it('writes nothing once the lease is lost', async () => {
  const lease = hold(() => Promise.reject(away()))
  const write = vi.fn(() => Promise.reject(away()))
  const written = whileHeld(lease, never, write).catch(() => {})
  await vi.advanceTimersByTimeAsync(leaseMs + 1_000)
  await written
  const calls = write.mock.calls.length
  await vi.advanceTimersByTimeAsync(leaseMs)
  expect(write).toHaveBeenCalledTimes(calls)
})
