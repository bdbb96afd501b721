/** Starts and finds the controller's process on this machine. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ControllerFile, controllersPath, parseControllerFiles } from '@tagship/api'
import { isRunning } from '@tagship/kit'

const controllerMain = fileURLToPath(new URL('../../controller/src/main.ts', import.meta.url))

export interface Streams {
  readonly stdin?: 'ignore'
  readonly stdout: 'inherit' | 'pipe' | number
  readonly stderr: 'inherit' | number
}

/** In a process group of its own: what ends this terminal's job does not end it. */
export function startController(args: readonly string[], { stdout, stderr }: Streams): ChildProcess {
  return spawn(process.execPath, [controllerMain, ...args], {
    detached: true,
    stdio: ['ignore', stdout, stderr, 'ipc'],
  })
}

/** Runs one of the controller's short commands to its end. */
export async function runController(
  args: readonly string[],
  { stdout, stderr }: Streams,
): Promise<{ exitCode: number; output: string }> {
  const child = spawn(process.execPath, [controllerMain, ...args], { stdio: ['ignore', stdout, stderr] })
  let output = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
  return { exitCode, output }
}

/** The controllers that run on the data folder. A file left by one that died counts for nothing. */
export async function findControllers(dataFolder: string): Promise<ControllerFile[]> {
  const folder = controllersPath(dataFolder)
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.json'))
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8').catch(() => '')))
  const found = parseControllerFiles(texts)
  const running = await Promise.all(found.map(isRunning))
  return found.filter((_, index) => running[index])
}
