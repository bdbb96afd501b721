/**
 * `node tests/chaos/run.ts [--only TEXT] [--representative] [--json FILE] [--lines]`: plays the table of faults on a
 * machine of its own (namespaces and a Docker Engine), prints it, and ends with 1 where a cell is wrong. With
 * `--lines` each outcome is one line of JSON on standard output, as soon as it is known.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runCommand } from '@tagship/kit'
import { type Cell, nameOf, type Outcome } from './cell.ts'
import { cells } from './faults/index.ts'
import { type Machine, startMachine } from './machine.ts'
import { play } from './play.ts'
import { renderTable } from './table.ts'
import { startWorld, type World } from './world.ts'

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    representative: { type: 'boolean', default: false },
    json: { type: 'string' },
    lines: { type: 'boolean', default: false },
  },
})

/** Set for the process inside: the folder that the one outside has made for it. */
const inside = process.env.TAGSHIP_CHAOS_FOLDER

process.exitCode = inside ? await playAll(inside) : await enterMachine()

/** Starts this program again in namespaces of its own, and removes what it leaves. */
async function enterMachine(): Promise<number> {
  if (process.getuid?.() !== 0) {
    process.stderr.write('A machine of its own needs root: sudo npm run chaos\n')
    return 2
  }
  const folder = await mkdtemp(join(tmpdir(), 'tagship-chaos-'))
  try {
    await Promise.all(['engine', 'run'].map((name) => mkdir(join(folder, name))))
    await saveImages(join(folder, 'images.tar'))
    const enter = fileURLToPath(new URL('enter-machine.sh', import.meta.url))
    const namespaces = ['--net', '--mount', '--propagation', 'private', '--pid', '--mount-proc']
    const command = ['sh', enter, folder, process.execPath, ...process.argv.slice(1)]
    const child = spawn('unshare', [...namespaces, '--fork', '--kill-child', ...command], {
      stdio: 'inherit',
      env: { ...process.env, TAGSHIP_CHAOS_FOLDER: folder },
    })
    // The first process of the namespace takes all others with it.
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => child.kill('SIGTERM'))
    const [code] = await once(child, 'exit')
    return code ?? 1
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** Those that the launcher has prepared, out of this machine's engine. */
async function saveImages(path: string): Promise<void> {
  const list = ['image', 'ls', '--filter', 'label=dev.tagship.image', '--format', '{{.Repository}}:{{.Tag}}']
  const { stdout } = await runCommand('docker', list)
  const names = stdout.trim().split('\n').filter(Boolean)
  if (names.length < 2) throw new Error('the images for router and base are missing; run: ./tagship prepare')
  const saved = await runCommand('docker', ['save', '--output', path, ...names])
  if (saved.exitCode !== 0) throw new Error(`docker save: ${saved.stderr}`)
}

async function playAll(folder: string): Promise<number> {
  const chosen = cells.filter(
    (cell) => nameOf(cell).includes(flags.only) && (cell.representative || !flags.representative),
  )
  const outcomes: Outcome[] = []
  const machine = await startMachine(folder)
  try {
    for (const servers of ['own', 'given'] as const) {
      await playOn(machine, servers, chosen, (outcome) => {
        outcomes.push(outcome)
        report(outcome, outcomes.length, chosen.length)
      })
    }
  } finally {
    await machine.powerOff()
  }
  if (!flags.lines) process.stdout.write(`\n${renderTable(outcomes)}`)
  if (flags.json) {
    await writeFile(flags.json, `${JSON.stringify({ at: new Date().toISOString(), outcomes }, null, 2)}\n`)
  }
  const right = outcomes.length > 0 && outcomes.every(({ wrong }) => wrong.length === 0)
  return right ? 0 : 1
}

/** A world that a cell has left broken is no ground for the next: it gets a new one. */
async function playOn(
  machine: Machine,
  servers: Cell['servers'],
  chosen: readonly Cell[],
  done: (outcome: Outcome) => void,
): Promise<void> {
  let world: World | null = null
  try {
    for (const cell of chosen.filter((one) => one.servers === servers)) {
      world ??= await startWorld(machine, servers)
      const outcome = await play(cell, world)
      done(outcome)
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
  const verdict = wrong.length === 0 ? '✔' : '✖'
  const took = `${(tookMs / 1_000).toFixed(0)} s`
  process.stderr.write(
    `${verdict} ${count}/${all} ${nameOf(outcome)} (${failed} of ${requests} requests failed, ${took})\n`,
  )
  for (const detail of wrong) process.stderr.write(`    ${detail}\n`)
}
