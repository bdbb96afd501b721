import { TagshipError } from '@tagship/domain'
import { expect, it, vi } from 'vitest'
import { retrying } from '../src/retrying.ts'

const never = new AbortController().signal

it('tries again what the catalogue says can go well later', async () => {
  vi.useFakeTimers()
  const attempt = vi
    .fn<() => Promise<string>>()
    .mockRejectedValueOnce(new TagshipError('git.unreachable', 'away'))
    .mockRejectedValueOnce(new TagshipError('engine.unavailable', 'away'))
    .mockResolvedValue('there')
  const result = retrying(attempt, never)
  await vi.advanceTimersByTimeAsync(5_000)
  await expect(result).resolves.toBe('there')
  expect(attempt).toHaveBeenCalledTimes(3)
  vi.useRealTimers()
})

it('does not try again what cannot', async () => {
  const attempt = vi.fn(() => Promise.reject(new TagshipError('manifest.invalid', 'wrong')))
  await expect(retrying(attempt, never)).rejects.toThrowError('wrong')
  expect(attempt).toHaveBeenCalledTimes(1)
})

it('gives up after a minute, with the last error', async () => {
  vi.useFakeTimers()
  const result = retrying(() => Promise.reject(new TagshipError('git.unreachable', 'away')), never)
  const rejected = expect(result).rejects.toThrowError('away')
  await vi.advanceTimersByTimeAsync(70_000)
  await rejected
  vi.useRealTimers()
})
