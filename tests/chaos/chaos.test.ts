/** A representative part of the table of faults (`npm run chaos` plays all of it). */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nameOf, type Outcome } from './cell.ts'
import { cells } from './faults/index.ts'

const program = fileURLToPath(new URL('run.ts', import.meta.url))
const patienceMs = 9 * 60_000

describe('nothing is lost', () => {
  const outcomes = new Map<string, (outcome: Outcome) => void>()
  const played = new Map(
    cells
      .filter(({ representative }) => representative)
      .map((cell) => {
        const { promise, resolve } = Promise.withResolvers<Outcome>()
        outcomes.set(nameOf(cell), resolve)
        return [nameOf(cell), promise]
      }),
  )
  let run: ChildProcess
  let ended: Promise<never>

  beforeAll(() => {
    run = spawn(process.execPath, [program, '--representative', '--lines'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    if (run.stdout) {
      createInterface({ input: run.stdout }).on('line', (line) => {
        const outcome = JSON.parse(line) as Outcome
        outcomes.get(nameOf(outcome))?.(outcome)
      })
    }
    ended = once(run, 'close').then(([code]) => Promise.reject(new Error(`the run ended with ${code}`)))
    ended.catch(() => {})
  })
  afterAll(async () => {
    // The last world is taken down after its last line; a run that does not end by itself is ended.
    const late = setTimeout(() => run.kill('SIGTERM'), 60_000)
    await ended.catch(() => {})
    clearTimeout(late)
  }, 120_000)

  it.each([...played.keys()])('%s', { timeout: patienceMs }, async (name) => {
    const outcome = await Promise.race([played.get(name), ended])
    if (outcome?.control) expect(outcome.wrong).not.toEqual([])
    else expect(outcome?.wrong).toEqual([])
    expect(outcome?.requests).toBeGreaterThan(0)
  })
})
