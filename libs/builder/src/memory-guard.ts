/**
 * A limit on the memory of one build. BuildKit inside the engine takes none (its `memory` and `cgroupparent`
 * options are read and forgotten), so the build's programs are found by the mark in their environment, and
 * moved into a control group of the build's own, which the kernel limits. It needs root on the engine's machine.
 */
import { readdir, readFile, readlink } from 'node:fs/promises'
import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Cgroup,
  limitedSibling,
  memoryCgroupOf,
  moveProcess,
  outOfMemoryKills,
  processesOf,
  removeCgroup,
  siblingsOf,
} from './cgroup.ts'

const lookEveryMs = 50
/** A process is looked at again for so long: its environment is another once the program has been loaded. */
const youngMs = 1_000

export interface MemoryGuard {
  /** Whether the kernel had to end a program of the build. Final after `stop`. */
  exceeded(): boolean
  stop(): Promise<void>
}

export interface MemoryGuardEvents {
  readonly onExceeded: () => void
  /** The limit cannot be kept, and why. Called at most once. */
  readonly onUnable: (why: string) => void
}

/** @param mark is in the environment of every program of the build, and names its control group */
export function guardMemory(mark: string, bytes: number, events: MemoryGuardEvents): MemoryGuard {
  const obstacle = whyNot()
  if (obstacle) {
    events.onUnable(obstacle)
    return { exceeded: () => false, stop: async () => {} }
  }
  const findMarked = createProcessFinder(mark)
  const sources = new Map<string, Cgroup>()
  let group: Cgroup | null = null
  let exceeded = false
  const stopping = new AbortController()

  const look = async () => {
    for (const pid of await findMarked()) {
      const source = await memoryCgroupOf(pid)
      if (source && basename(source.folder) !== mark) sources.set(source.folder, source)
    }
    for (const source of sources.values()) {
      group ??= await limitedSibling(source, mark, bytes)
      for (const pid of await processesOf(source)) {
        if (await isContained(pid)) await moveProcess(pid, group)
      }
    }
    if (!exceeded && group && (await outOfMemoryKills(group)) > 0) {
      exceeded = true
      events.onExceeded()
    }
  }
  const watch = async () => {
    while (!stopping.signal.aborted) {
      await look()
      await sleep(lookEveryMs, undefined, { signal: stopping.signal }).catch(() => {})
    }
    await look()
  }
  const watching = watch().catch((error: unknown) => events.onUnable(String(error)))
  return {
    exceeded: () => exceeded,
    stop: async () => {
      stopping.abort()
      await watching
      if (group) await tidy(group)
    },
  }
}

function whyNot(): string | null {
  if (process.platform !== 'linux') return `this machine runs ${process.platform}`
  if (process.getuid?.() !== 0) return 'only root may set limits for programs of the Docker Engine'
  if (/^(tcp|https?|ssh):/.test(process.env.DOCKER_HOST ?? '')) {
    return 'the Docker Engine runs on another machine'
  }
  return null
}

/** Finds processes whose environment has the mark; looks only at those that are new since the last time. */
function createProcessFinder(mark: string): () => Promise<number[]> {
  let firstSeen: Map<number, number> | null = null
  return async () => {
    // Whatever is there at the first look was there before the build.
    const now = firstSeen ? Date.now() : 0
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
    const seen = new Map(pids.map((pid) => [pid, firstSeen?.get(pid) ?? now]))
    firstSeen = seen
    const young = pids.filter((pid) => Date.now() - (seen.get(pid) ?? 0) < youngMs)
    const marked = await Promise.all(young.map((pid) => hasMark(pid, mark)))
    return young.filter((_, index) => marked[index])
  }
}

async function hasMark(pid: number, mark: string): Promise<boolean> {
  const environment = await readFile(`/proc/${pid}/environ`).catch(() => Buffer.alloc(0))
  return environment.includes(mark)
}

/** In a process namespace that is not ours: a program of a container, never the engine itself. */
async function isContained(pid: number): Promise<boolean> {
  const namespaceOf = (id: number | 'self') => readlink(`/proc/${id}/ns/pid`).catch(() => '')
  const [own, other] = await Promise.all([namespaceOf('self'), namespaceOf(pid)])
  return other !== '' && other !== own
}

/** Removes the group, and those that builds of a controller which has died left empty. */
async function tidy(group: Cgroup): Promise<void> {
  for (let attempt = 0; attempt < 20 && !(await removeCgroup(group)); attempt += 1) await sleep(50)
  for (const sibling of await siblingsOf(group)) {
    const pid = Number(/^tagship-build-(\d+)-/.exec(basename(sibling.folder))?.[1] ?? process.pid)
    if (!isAlive(pid)) await removeCgroup(sibling)
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
