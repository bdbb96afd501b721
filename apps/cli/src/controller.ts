/** Starts and finds the controller's process on this machine. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { type ControllerFile, controllerFile, controllerFilePath } from '@tagship/api'

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

/** The controller that runs on the data folder, or null. A file left by one that died counts for nothing. */
export async function findController(dataFolder: string): Promise<ControllerFile | null> {
  const text = await readFile(controllerFilePath(dataFolder), 'utf8').catch(() => null)
  if (text === null) return null
  const parsed = controllerFile.safeParse(parse(text))
  return parsed.success && (await isController(parsed.data.pid)) ? parsed.data : null
}

/** Whether the pid still belongs to a controller, and was not given to another program since. */
export async function isController(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  if (process.platform !== 'linux') return true
  const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return words.split('\0').includes(controllerMain)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
