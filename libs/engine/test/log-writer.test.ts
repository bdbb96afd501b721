import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { openLogWriter } from '../src/log-writer.ts'
import type { EngineStore, LoggedLine } from '../src/ports.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A store whose one method fails for as long as it is told to. */
function storeOf() {
  const stored: string[] = []
  const state = { away: false }
  const appendLog = async (_id: string, _source: string, lines: readonly LoggedLine[]) => {
    if (state.away) throw new Error('away')
    stored.push(...lines.map(({ text }) => text))
  }
  return { stored, state, store: { appendLog } as unknown as EngineStore }
}

it('stores lines in their order, also those that came while the store was away', async () => {
  const { stored, state, store } = storeOf()
  const log = openLogWriter(store, 'd', 'build')
  log.write('one')
  await vi.advanceTimersByTimeAsync(200)
  state.away = true
  log.write('two')
  await vi.advanceTimersByTimeAsync(10_000)
  log.write('three')
  await vi.advanceTimersByTimeAsync(10_000)
  expect(stored).toEqual(['one'])
  state.away = false
  await vi.advanceTimersByTimeAsync(1_500)
  log.write('four')
  await log.close()
  expect(stored).toEqual(['one', 'two', 'three', 'four'])
})

it('says at the end that lines could not be stored, and tries no more', async () => {
  const { state, store } = storeOf()
  state.away = true
  const log = openLogWriter(store, 'd', 'build')
  log.write('one')
  await vi.advanceTimersByTimeAsync(300)
  await expect(log.close()).rejects.toThrowError('away')
  expect(vi.getTimerCount()).toBe(0)
})

it('gives up the oldest lines where too many wait, and says how many', async () => {
  const { stored, state, store } = storeOf()
  state.away = true
  const log = openLogWriter(store, 'd', 'build')
  for (let n = 0; n < 10_005; n += 1) log.write(`${n}`)
  state.away = false
  await log.close()
  expect(stored.slice(0, 2)).toEqual(['(5 lines are missing: the database was away)', '5'])
  expect(stored.at(-1)).toBe('10004')
})
