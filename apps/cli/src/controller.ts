/** Starts and finds the controller's process on this machine. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  type ControllerFile,
  type ControllerMessage,
  controllerMessage,
  controllersPath,
  isErrorCode,
  parseControllerFiles,
} from '@tagship/api'
import { errorCatalogue } from '@tagship/domain/errors'
import { isRunning } from '@tagship/kit'
import type { z } from 'zod'
import { CliError } from './errors.ts'

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

/**
 * Runs one of the controller's commands to its end, and reads what it reports.
 * @throws what the controller says
 */
export async function reportOf<T>(
  args: readonly string[],
  report: z.ZodType<T>,
  onProgress: (text: string) => void,
): Promise<T> {
  const child = spawn(process.execPath, [controllerMain, ...args], { stdio: ['ignore', 'pipe', 2, 'ipc'] })
  let output = ''
  let failed: CliError | null = null
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  child.on('message', (received) => {
    const message: ControllerMessage | undefined = controllerMessage.safeParse(received).data
    if (message?.type === 'progress') onProgress(message.text)
    if (message?.type === 'failed') failed = controllerFailure(message.code, message.detail)
  })
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (failed) throw failed
  const read = report.safeParse(parseJson(output))
  if (exitCode === 0 && read.success) return read.data
  throw controllerFailure('internal', `${args[0]} ended (exit code ${exitCode}) without a report`)
}

/** An error that the controller tells about. */
export function controllerFailure(code: string, detail: string): CliError {
  const known = isErrorCode(code) ? errorCatalogue[code] : errorCatalogue.internal
  return new CliError({ code, detail, mend: known.mend, exitCode: known.exitCode })
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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
