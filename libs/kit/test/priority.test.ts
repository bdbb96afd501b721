import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'

const priority = new URL('../src/priority.ts', import.meta.url)
const autogroup = '/proc/self/autogroup'
const mayAsk = process.getuid?.() === 0

const script = `
  const { takePriority } = await import('${priority}')
  takePriority()
  const { getPriority } = await import('node:os')
  const { existsSync, readFileSync } = await import('node:fs')
  const session = existsSync('${autogroup}') ? readFileSync('${autogroup}', 'utf8').trim() : null
  console.log(JSON.stringify({ nice: getPriority(), session }))`

/** In a process of its own, and `detached` in a session of its own: what is raised stays so. */
async function raised(detached: boolean): Promise<{ nice: number; session: string | null }> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    detached,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return JSON.parse(await text(child.stdout))
}

describe('the control plane', () => {
  it('takes precedence where it may, and goes on where it may not', async () => {
    const { nice, session } = await raised(true)
    expect(nice).toBe(mayAsk ? -10 : 0)
    if (mayAsk && existsSync(autogroup)) expect(session).toMatch(/nice -10$/)
  })

  it.runIf(mayAsk && existsSync(autogroup))('leaves the session of who started it alone', async () => {
    // Empty where this session belongs to no group of its own.
    const before = readFileSync(autogroup, 'utf8').trim()
    const { nice, session } = await raised(false)
    expect(nice).toBe(-10)
    expect(session).toBe(before)
  })
})
