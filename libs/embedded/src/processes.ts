/** Servers that outlive whoever started them: starting, recognising and ending them. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { open, readlink, rename, stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { sharePriority } from '@tagship/kit'

/** Bytes after which a server's log is put aside at the next start; one old log is kept. */
const logLimit = 10 * 1024 * 1024

/**
 * Starts a program in a session of its own, with its output in a file: it holds nothing of its parent's and
 * lives on when the parent is killed.
 * @returns its process id
 */
export async function startDetached(command: readonly string[], logPath: string): Promise<number> {
  const [file = '', ...args] = command
  await putAsideLargeLog(logPath)
  const log = await open(logPath, 'a', 0o600)
  try {
    const child = spawn(file, args, { detached: true, stdio: ['ignore', log.fd, log.fd] })
    await once(child, 'spawn')
    child.unref()
    const pid = Number(child.pid)
    sharePriority(pid)
    return pid
  } finally {
    await log.close()
  }
}

async function putAsideLargeLog(path: string): Promise<void> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  )
  if (size > logLimit) await rename(path, `${path}.1`)
}

/** Whether the process still runs; one that has ended and only waits for its parent to notice does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
  return !isZombie(pid)
}

/** proc(5): the letter after the name in brackets is the state. An orphan's new parent may never reap it. */
function isZombie(pid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return 'ZX'.includes(status.charAt(status.lastIndexOf(')') + 2))
  } catch {
    return false
  }
}

/**
 * Whether the process is alive and is the server of this folder, which is its working directory: after a
 * reboot its number may belong to somebody else. Where the system does not tell, alive has to do.
 */
export async function servesFolder(pid: number, folder: string): Promise<boolean> {
  if (!isAlive(pid)) return false
  try {
    return (await readlink(`/proc/${pid}/cwd`)) === folder
  } catch {
    return isAlive(pid)
  }
}

/** Sends the first signal, and the second where the process is still there after `graceMs`. */
export async function endProcess(
  pid: number,
  signals: readonly [NodeJS.Signals, NodeJS.Signals],
  graceMs: number,
): Promise<void> {
  for (const signal of signals) {
    if (!isAlive(pid)) return
    process.kill(pid, signal)
    if (await waitUntil(() => !isAlive(pid), graceMs)) return
  }
}

/** Asks again every 25 ms. @returns false where it did not come true in time */
export async function waitUntil(check: () => boolean | Promise<boolean>, ms: number): Promise<boolean> {
  const deadline = Date.now() + ms
  while (!(await check())) {
    if (Date.now() > deadline) return false
    await sleep(25)
  }
  return true
}

/** The system's name for what went wrong, such as `ENOENT`. */
export function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : null
}
