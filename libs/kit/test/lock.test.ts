import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { isRunning, markProcess, takeLock } from '../src/index.ts'

const holder = fileURLToPath(new URL('hold-lock.ts', import.meta.url))
const name = () => `test-${process.pid}-${Math.random()}`

test('one has the lock; it is free again when that one gives it back', async () => {
  const lock = name()
  const first = await takeLock(lock, 0)
  expect(first).not.toBeNull()
  expect(await takeLock(lock, 100)).toBeNull()
  const waiting = takeLock(lock, 10_000)
  await first?.[Symbol.asyncDispose]()
  await first?.[Symbol.asyncDispose]()
  expect(await waiting).not.toBeNull()
})

test('of many that come at once exactly one gets it', async () => {
  const lock = name()
  const all = await Promise.all(Array.from({ length: 20 }, () => takeLock(lock, 0)))
  expect(all.filter((one) => one !== null)).toHaveLength(1)
})

test('the lock of a process that was killed is free, and the process counts as gone', async () => {
  const lock = name()
  const child = spawn(process.execPath, [holder, lock], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  const mark = await markProcess(child.pid)
  expect(await isRunning(mark)).toBe(true)
  expect(await isRunning({ ...mark, start: '1' })).toBe(false)
  expect(await takeLock(lock, 0)).toBeNull()
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(await takeLock(lock, 10_000)).not.toBeNull()
  expect(await isRunning(mark)).toBe(false)
})
