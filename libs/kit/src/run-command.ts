/** Starts programs with argument arrays; no shell is ever involved. */
import { createInterface } from 'node:readline'
import { execa, type Options } from 'execa'

export interface CommandOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
  /** Milliseconds; the process is ended (SIGTERM, then SIGKILL after 2 s) when they have passed. */
  readonly timeout?: number
  readonly signal?: AbortSignal
  /** Each line of standard error, as it comes. */
  readonly onErrorLine?: (line: string) => void
  /** Bytes of output that are kept at most. */
  readonly maxBuffer?: number
}

export interface CommandResult {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
  readonly timedOut: boolean
  readonly canceled: boolean
  /** Set where the program could not be started at all (`ENOENT`). */
  readonly startError: string | null
}

/** Runs to the end and reports; never throws for what the program does. */
export async function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const settings: Options = {
    reject: false,
    stripFinalNewline: false,
    forceKillAfterDelay: 2_000,
    maxBuffer: options.maxBuffer ?? 64 * 1024 * 1024,
    ...(options.cwd ? { cwd: options.cwd } : {}),
    ...(options.env ? { env: { ...options.env } } : {}),
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    ...(options.timeout ? { timeout: options.timeout } : {}),
    ...(options.signal ? { cancelSignal: options.signal } : {}),
  }
  const subprocess = execa(file, [...args], settings)
  if (options.onErrorLine && subprocess.stderr) {
    createInterface({ input: subprocess.stderr }).on('line', options.onErrorLine)
  }
  const result = await subprocess
  return {
    exitCode: result.exitCode ?? null,
    stdout: String(result.stdout ?? ''),
    stderr: String(result.stderr ?? ''),
    timedOut: result.timedOut,
    canceled: result.isCanceled,
    startError: result.exitCode === undefined && result.code ? String(result.code) : null,
  }
}
