/** Tells a process from another that was given the same pid later. */
import { readFile } from 'node:fs/promises'

/** A process, and when it began. */
export interface ProcessMark {
  readonly pid: number
  /** In the kernel's ticks since boot; empty where this machine does not say. */
  readonly start: string
}

export async function markProcess(pid = process.pid): Promise<ProcessMark> {
  return { pid, start: await startOf(pid) }
}

export async function isRunning({ pid, start }: ProcessMark): Promise<boolean> {
  if (process.platform === 'linux') return start !== '' && (await startOf(pid)) === start
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function startOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // The name in brackets may hold spaces: count from the last bracket. Fields 3 and 22 of proc(5): state, starttime.
  const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return state === 'Z' ? '' : (rest[18] ?? '')
}
