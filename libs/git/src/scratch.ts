/** Files and folders that are under way: each names its process, so that those of dead ones can be swept. */
import { randomBytes } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

const prefix = '.tagship-'
const namePattern = /^\.tagship-(\d+)-([0-9a-f]{8})-/

/** Tells this process from an earlier one that had the same pid (in a container it often is 1). */
const run = randomBytes(4).toString('hex')

/** A name that no other process, and no other call, uses. */
export function scratchName(): string {
  return `${prefix}${process.pid}-${run}-${randomBytes(6).toString('hex')}`
}

/** Removes what processes that are gone have left in `folder`. A no-op where there is no such folder. */
export async function sweepScratch(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  const leftovers = names.filter(isLeftover)
  await Promise.all(leftovers.map((name) => rm(join(folder, name), { recursive: true, force: true })))
}

function isLeftover(name: string): boolean {
  const match = namePattern.exec(name)
  if (!match) return false
  const pid = Number(match[1])
  return pid === process.pid ? match[2] !== run : !isAlive(pid)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it lives, but belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
