import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { faultPoints } from '../src/faults.ts'

async function faultFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tagship-faults-'))
  const before = process.listeners('SIGUSR2')
  onTestFinished(async () => {
    for (const listener of process.listeners('SIGUSR2')) {
      if (!before.includes(listener)) process.off('SIGUSR2', listener)
    }
    await rm(folder, { recursive: true })
  })
  return join(folder, 'fault')
}

it('does nothing where nothing is named', () => {
  expect(faultPoints(undefined)('switching.acted')).toBeUndefined()
})

it('refuses an action that there is not', () => {
  expect(() => faultPoints('switching.acted:explode')).toThrow(RangeError)
})

it('strikes what a file names while it runs, once, and the same again when it is named again', async () => {
  const file = await faultFile()
  const reach = faultPoints(`@${file}`)
  expect(reach('switching.acted')).toBeUndefined()
  for (let round = 0; round < 2; round += 1) {
    await writeFile(file, 'switching.acted:pause')
    expect(reach('switching.claimed')).toBeUndefined()
    const struck = reach('switching.acted')
    expect(struck).toBeInstanceOf(Promise)
    expect(existsSync(file)).toBe(false)
    expect(reach('switching.acted')).toBeUndefined()
    // A signal that was meant for the round before does not count.
    const waits = await Promise.race([struck, new Promise((resolve) => setTimeout(resolve, 100, 'waits'))])
    expect(waits).toBe('waits')
    process.kill(process.pid, 'SIGUSR2')
    await struck
    // The next file has to be younger than this signal, and a file's time is only as fine as the kernel's tick.
    await sleep(20)
  }
})
