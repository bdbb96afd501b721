/** The outcomes of the table in a file, one a line: what is played again takes the place of what was known of the cell. */
import { readFile, rename, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { type Cell, isRight, nameOf, type Outcome } from './cell.ts'

const schema = z.object({
  fault: z.string(),
  at: z.string(),
  control: z.boolean(),
  wrong: z.array(z.string()),
  requests: z.number(),
  failed: z.number(),
  longestGapMs: z.number(),
  recoveryMs: z.number().nullable(),
  tookMs: z.number(),
  playedAt: z.iso.datetime(),
})

/** @returns none where there is no such file */
export async function readResults(file: string): Promise<Outcome[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.map((line) => schema.parse(JSON.parse(line)))
}

/** Whole or not at all: a run that is killed leaves what it knew before. */
export async function writeResults(file: string, outcomes: readonly Outcome[]): Promise<void> {
  await writeFile(`${file}.new`, outcomes.map((outcome) => `${JSON.stringify(outcome)}\n`).join(''))
  await rename(`${file}.new`, file)
}

/** One outcome a cell, in the order of the table; the latest one counts. What is no cell any more is left out. */
export function inOrder(cells: readonly Cell[], ...results: readonly (readonly Outcome[])[]): Outcome[] {
  const latest = new Map<string, Outcome>()
  for (const outcome of results.flat()) {
    const known = latest.get(nameOf(outcome))
    if (!known || known.playedAt <= outcome.playedAt) latest.set(nameOf(outcome), outcome)
  }
  return cells.flatMap((cell) => latest.get(nameOf(cell)) ?? [])
}

/** The cells that no outcome shows to be right. */
export function stillToPlay(cells: readonly Cell[], outcomes: readonly Outcome[]): Cell[] {
  const right = new Set(outcomes.filter(isRight).map(nameOf))
  return cells.filter((cell) => !right.has(nameOf(cell)))
}
