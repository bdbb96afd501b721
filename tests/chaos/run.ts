/**
 * `node tests/chaos/run.ts [--only TEXT]… [--servers own|given] [--representative] [--results FILE [--missing]] [--lines]`:
 * plays the table of faults on a machine of its own (namespaces and a Docker Engine), prints it, and ends with 1 where
 * a cell is wrong. With `--results` each outcome is kept in the file as soon as it is known, in place of a former one;
 * `--missing` then plays only what the file does not show to be right. With `--lines` each outcome is one line of JSON
 * on standard output.
 */
import { parseArgs } from 'node:util'
import { type Cell, isRight, nameOf, type Outcome } from './cell.ts'
import { cells } from './faults/index.ts'
import type { Machine } from './machine.ts'
import { onOwnMachine } from './own-machine.ts'
import { play } from './play.ts'
import { inOrder, readResults, stillToPlay, writeResults } from './results.ts'
import { renderTable } from './table.ts'
import { startWorld, type World } from './world.ts'

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    representative: { type: 'boolean', default: false },
    servers: { type: 'string' },
    results: { type: 'string' },
    missing: { type: 'boolean', default: false },
    lines: { type: 'boolean', default: false },
  },
})

process.exitCode = await onOwnMachine(playAll)

async function playAll(machine: Machine): Promise<number> {
  const file = flags.results
  const former = file ? await readResults(file) : []
  const chosen = (flags.missing ? stillToPlay(cells, former) : cells).filter(
    (cell) =>
      (flags.only.length === 0 || flags.only.some((text) => nameOf(cell).includes(text))) &&
      (flags.servers === undefined || cell.servers === flags.servers) &&
      (cell.representative || !flags.representative),
  )
  const outcomes: Outcome[] = []
  for (const servers of ['own', 'given'] as const) {
    await playOn(machine, servers, chosen, async (outcome) => {
      outcomes.push(outcome)
      report(outcome, outcomes.length, chosen.length)
      if (file) await writeResults(file, inOrder(cells, former, outcomes))
    })
  }
  if (!flags.lines) process.stdout.write(`\n${renderTable(outcomes)}`)
  const right = outcomes.length > 0 && outcomes.every(isRight)
  return right ? 0 : 1
}

/** A world that a cell has left broken is no ground for the next: it gets a new one. */
async function playOn(
  machine: Machine,
  servers: Cell['servers'],
  chosen: readonly Cell[],
  done: (outcome: Outcome) => Promise<void>,
): Promise<void> {
  let world: World | null = null
  try {
    for (const cell of chosen.filter((one) => one.servers === servers)) {
      world ??= await startWorld(machine, servers)
      const outcome = await play(cell, world)
      await done(outcome)
      if (outcome.wrong.length > 0) {
        await world[Symbol.asyncDispose]()
        world = null
      }
    }
  } finally {
    await world?.[Symbol.asyncDispose]()
  }
}

function report(outcome: Outcome, count: number, all: number): void {
  if (flags.lines) process.stdout.write(`${JSON.stringify(outcome)}\n`)
  const { requests, failed, wrong, tookMs } = outcome
  const verdict = isRight(outcome) ? '✔' : '✖'
  const took = `${(tookMs / 1_000).toFixed(0)} s`
  process.stderr.write(
    `${verdict} ${count}/${all} ${nameOf(outcome)} (${failed} of ${requests} requests failed, ${took})\n`,
  )
  for (const detail of wrong) process.stderr.write(`    ${detail}\n`)
}
