/** What makes a table worth believing that was played in more than one run. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import type { Cell, Outcome } from './cell.ts'
import { inOrder, readResults, stillToPlay, writeResults } from './results.ts'

const cell = (at: string, control?: true): Cell => ({
  fault: 'router',
  at,
  servers: 'own',
  ...(control ? { control } : {}),
  strike: () => Promise.reject(new Error('not here')),
})

const outcome = (at: string, playedAt: string, wrong: string[] = [], control = false): Outcome => ({
  fault: 'router',
  at,
  control,
  wrong,
  requests: 100,
  failed: 0,
  longestGapMs: 20,
  recoveryMs: 1_000,
  tookMs: 9_000,
  playedAt,
})

it('takes the latest outcome of each cell, in the order of the table', () => {
  const cells = [cell('live'), cell('starting')]
  const early = outcome('live', '2026-01-01T00:00:00.000Z')
  const late = outcome('live', '2026-01-02T00:00:00.000Z', ['it is broken'])
  const other = outcome('starting', '2026-01-01T00:00:00.000Z')
  const dropped = outcome('no cell any more', '2026-01-01T00:00:00.000Z')
  expect(inOrder(cells, [other, dropped, late], [early])).toEqual([late, other])
})

it('plays again what was wrong, what was never played, and a control that found nothing', () => {
  const cells = [cell('right'), cell('wrong'), cell('never'), cell('found', true), cell('missed', true)]
  const at = '2026-01-01T00:00:00.000Z'
  const outcomes = [
    outcome('right', at),
    outcome('wrong', at, ['it is broken']),
    outcome('found', at, ['it is broken'], true),
    outcome('missed', at, [], true),
  ]
  expect(stillToPlay(cells, outcomes).map(({ at: name }) => name)).toEqual(['wrong', 'never', 'missed'])
})

it('keeps them in a file, and refuses a line that is none', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tagship-results-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'results.jsonl')
  expect(await readResults(file)).toEqual([])
  const outcomes = [outcome('live', '2026-01-01T00:00:00.000Z', ['it is broken'])]
  await writeResults(file, outcomes)
  expect(await readResults(file)).toEqual(outcomes)
  await writeFile(file, '{"fault":"router"}\n')
  await expect(readResults(file)).rejects.toThrow()
})
