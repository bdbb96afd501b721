import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ControllerFile, controllerFile, controllerFilePath } from '@tagship/api'
import { TagshipError } from '@tagship/domain'
import type { DataFolder } from './data-folder.ts'

const lockFile = 'controller.pid'

/**
 * One controller a data folder. The lock is a file with the pid and the moment that process began, so that
 * one left by a dead process, or by one whose pid was given away, counts for nothing.
 * @throws installation.busy
 */
export async function lockDataFolder(data: DataFolder): Promise<() => Promise<void>> {
  const path = join(data.path, lockFile)
  const mine = `${process.pid} ${await processStart(process.pid)}`
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      await writeFile(path, mine, { flag: 'wx', mode: 0o600 })
      return () => rm(path, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const holder = await readFile(path, 'utf8').catch(() => '')
    const [pid, start] = holder.split(' ')
    if (pid && start && (await processStart(Number(pid))) === start) {
      throw new TagshipError('installation.busy', `a controller (pid ${pid}) runs on ${data.path}`)
    }
    await rm(path, { force: true })
  }
  throw new TagshipError('installation.busy', `another controller starts on ${data.path} at this moment`)
}

/** When the process began, in the kernel's ticks since boot; empty where there is no such process. */
async function processStart(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // The name in brackets may hold spaces: count from the last bracket. Field 22 of proc(5) is starttime.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}

/** Says where this controller is reached, for `tagship down` and for a second `tagship up`. */
export async function announce(data: DataFolder, url: string): Promise<void> {
  const path = controllerFilePath(data.path)
  const content: ControllerFile = { pid: process.pid, url, startedAt: new Date().toISOString() }
  await writeFile(`${path}.new`, JSON.stringify(content), { mode: 0o600 })
  await rename(`${path}.new`, path)
}

export async function readAnnouncement(data: DataFolder): Promise<ControllerFile | null> {
  const text = await readFile(controllerFilePath(data.path), 'utf8').catch(() => null)
  return text === null ? null : (controllerFile.safeParse(JSON.parse(text)).data ?? null)
}

export async function withdraw(data: DataFolder): Promise<void> {
  await rm(controllerFilePath(data.path), { force: true })
}
