/** Who runs on a data folder: one file for each controller. */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ControllerFile, controllersPath, parseControllerFiles } from '@tagship/api'
import { isRunning } from '@tagship/kit'
import type { DataFolder } from './data-folder.ts'

/** Those that run, and those that ended without a farewell. */
export async function readRegistry(
  data: DataFolder,
): Promise<{ alive: ControllerFile[]; dead: ControllerFile[] }> {
  const folder = controllersPath(data.path)
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.json'))
  // One that is gone in between has withdrawn.
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8').catch(() => '')))
  const all = parseControllerFiles(texts)
  const running = await Promise.all(all.map(isRunning))
  return { alive: all.filter((_, index) => running[index]), dead: all.filter((_, index) => !running[index]) }
}

/** Makes the file, or changes it; a reader finds the old one or the new one. */
export async function register(data: DataFolder, controller: ControllerFile): Promise<void> {
  const path = pathOf(data, controller.id)
  await mkdir(controllersPath(data.path), { recursive: true, mode: 0o700 })
  await writeFile(`${path}.new`, JSON.stringify(controller), { mode: 0o600 })
  await rename(`${path}.new`, path)
}

/** Its leases are over: nobody has to look after it any more. No other controller ever has the same id. */
export async function unregister(data: DataFolder, id: string): Promise<void> {
  await rm(pathOf(data, id), { force: true })
}

function pathOf(data: DataFolder, id: string): string {
  return join(controllersPath(data.path), `${id}.json`)
}
