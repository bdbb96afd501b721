/** Processes of this machine and the container that they belong to: what the kernel knows, whatever the engine thinks. */
import { readdir, readFile } from 'node:fs/promises'

/** Every process of the container; none where the engine is on another machine. */
export async function processesOf(containerId: string): Promise<number[]> {
  const entries = await readdir('/proc').catch(() => [])
  const pids = entries.filter((entry) => /^\d+$/.test(entry)).map(Number)
  const members = await Promise.all(pids.map((pid) => belongsTo(pid, containerId)))
  return pids.filter((_, index) => members[index])
}

/** On another machine the number would be some other program's. */
export async function belongsTo(pid: number, containerId: string): Promise<boolean> {
  const groups = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '')
  return groups.includes(containerId)
}
