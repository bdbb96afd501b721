/** Control groups of the kernel, as far as the memory of a build needs them: version 1 and 2. */
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

export interface Cgroup {
  readonly version: 1 | 2
  readonly folder: string
}

/** The group whose memory the process is counted in; null where it has gone. */
export async function memoryCgroupOf(pid: number): Promise<Cgroup | null> {
  const lines = (await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '')).split('\n')
  const v1 = lines.find((line) => line.split(':')[1]?.split(',').includes('memory'))
  if (v1) return { version: 1, folder: join('/sys/fs/cgroup/memory', pathOf(v1)) }
  const v2 = lines.find((line) => line.startsWith('0::'))
  return v2 ? { version: 2, folder: join('/sys/fs/cgroup', pathOf(v2)) } : null
}

function pathOf(line: string): string {
  return line.split(':').slice(2).join(':')
}

/** Makes a group beside `sibling`, or finds it made, whose processes together get at most `bytes`, and no swap. */
export async function limitedSibling(sibling: Cgroup, name: string, bytes: number): Promise<Cgroup> {
  const folder = join(dirname(sibling.folder), name)
  await mkdir(folder).catch(unless('EEXIST'))
  const set = (file: string, value: string | number) => writeFile(join(folder, file), `${value}`)
  if (sibling.version === 1) {
    await set('memory.limit_in_bytes', bytes)
    await set('memory.memsw.limit_in_bytes', bytes).catch(unless('ENOENT', 'EACCES'))
  } else {
    await set('memory.max', bytes)
    await set('memory.swap.max', 0).catch(unless('ENOENT', 'EACCES'))
  }
  return { version: sibling.version, folder }
}

export async function processesOf({ folder }: Cgroup): Promise<number[]> {
  const text = await readFile(join(folder, 'cgroup.procs'), 'utf8').catch(() => '')
  return text.split('\n').filter(Boolean).map(Number)
}

/** A no-op for a process that has ended meanwhile. */
export async function moveProcess(pid: number, to: Cgroup): Promise<void> {
  await writeFile(join(to.folder, 'cgroup.procs'), `${pid}`).catch(unless('ESRCH'))
}

/** How many processes of the group the kernel has ended for want of memory. */
export async function outOfMemoryKills({ version, folder }: Cgroup): Promise<number> {
  const file = version === 1 ? 'memory.oom_control' : 'memory.events'
  const text = await readFile(join(folder, file), 'utf8').catch(() => '')
  return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0)
}

/** @returns false while processes are left in it */
export async function removeCgroup({ folder }: Cgroup): Promise<boolean> {
  return rmdir(folder).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
  )
}

/** Groups beside this one. */
export async function siblingsOf({ version, folder }: Cgroup): Promise<Cgroup[]> {
  const parent = dirname(folder)
  const entries = await readdir(parent, { withFileTypes: true }).catch(() => [])
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => ({ version, folder: join(parent, entry.name) }))
}

function unless(...codes: string[]): (error: NodeJS.ErrnoException) => void {
  return (error) => {
    if (!codes.includes(error.code ?? '')) throw error
  }
}
