/** One more controller on the world's data folder, which a cell may stop, end or kill. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '@tagship/tests/installation'
import { query } from './query.ts'
import { until } from './until.ts'
import type { World } from './world.ts'

export interface SecondController {
  readonly port: number
  readonly pid: number
  signal(name: NodeJS.Signals): void
  /** Until it stands still, as its fault point told it to. */
  stands(): Promise<void>
  ended(): Promise<void>
  /** Whether it is there, standing or not. */
  isThere(): boolean
}

/** @param fault as `switching.acted:stop` */
export async function startSecond({ at }: World, fault?: string): Promise<SecondController> {
  const port = await freePort()
  // Commands go on asking the world's own controller: this one may stand still.
  const env = { XDG_CONFIG_HOME: join(at.data, 'second-config') }
  const { exitCode, stdout, stderr } = await at.up(fault ? { ...env, TAGSHIP_FAULT: fault } : env, port)
  if (exitCode !== 0) throw new Error(`tagship up --port ${port}: ${stdout}${stderr}`)
  const pid = await at.pid(port)
  const isThere = () => existsSync(`/proc/${pid}`)
  return {
    port,
    pid,
    isThere,
    signal: (name) => void process.kill(pid, name),
    stands: () =>
      until(`controller ${pid} stands still`, 60_000, async () => {
        const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
        return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T')
      }),
    ended: () => until(`controller ${pid} has ended`, 30_000, () => !isThere()),
  }
}

/** The second controller is the only one when this returns; the world's own is to be started later. */
export async function startSecondAlone(world: World, fault: string): Promise<SecondController> {
  const { exitCode, stderr } = await world.at.tagship('down', '--data', world.at.data)
  if (exitCode !== 0) throw new Error(`tagship down: ${stderr}`)
  return startSecond(world, fault)
}

/** Ends what is left of it, however the cell went. */
export async function endSecond(second: SecondController): Promise<void> {
  if (!second.isThere()) return
  second.signal('SIGCONT')
  second.signal('SIGTERM')
  await second.ended()
}

/** The names of all that hold a lease at this moment. */
export async function holders({ at }: World): Promise<string[]> {
  const rows = await query<{ holder: string }>(
    at,
    `SELECT lease_holder AS holder FROM deployments WHERE lease_holder IS NOT NULL
     UNION SELECT lease_holder FROM builds WHERE lease_holder IS NOT NULL`,
  )
  return rows.map(({ holder }) => holder)
}
