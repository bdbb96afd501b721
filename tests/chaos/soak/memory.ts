/** What a controller holds, as it says itself. */
import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { until } from '../until.ts'

const file = join(tmpdir(), `tagship-soak-memory-${process.pid}`)

/** For the environment of an installation whose controllers are to be asked. */
export const tellsMemory = {
  NODE_OPTIONS: `--require ${fileURLToPath(new URL('tell-memory.cjs', import.meta.url))}`,
  TAGSHIP_SOAK_MEMORY: file,
} as const

/** Megabytes that are left after its garbage was collected. */
export async function heldMb(controller: number): Promise<number> {
  process.kill(controller, 'SIGUSR2')
  await until('the controller tells what it holds', 10_000, () => existsSync(file))
  const bytes = Number(await readFile(file, 'utf8'))
  await rm(file)
  return Math.round(bytes / 1024 ** 2)
}
