/** Runs git with an argument array and an environment of ours; no shell is involved. */
import { execa } from 'execa'

export interface GitOptions {
  readonly env: Readonly<Record<string, string>>
  /** Milliseconds; git is ended (SIGTERM, then SIGKILL after 2 s) when they have passed. */
  readonly timeout: number
  readonly cwd?: string
  readonly input?: string
  /** Characters of output at most; git is ended when there are more. */
  readonly maxOutput?: number
  readonly signal?: AbortSignal
}

export interface GitResult {
  /** Null where git was ended, or could not be started. */
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
  readonly timedOut: boolean
  /** There was more output than `maxOutput`. */
  readonly truncated: boolean
  /** Set where git could not be started at all (`ENOENT`). */
  readonly startError: string | null
}

/** Runs to the end and reports; never throws for what git does. */
export async function runGit(args: readonly string[], options: GitOptions): Promise<GitResult> {
  return outcome(await startGit(args, options, true))
}

/** Starts git and leaves its standard output to the caller, as a stream that nobody keeps. */
export function streamGit(args: readonly string[], options: GitOptions) {
  const git = startGit(args, options, false)
  return { stdout: git.stdout, stop: () => git.kill(), ended: git.then(outcome) }
}

function startGit(args: readonly string[], options: GitOptions, keepOutput: boolean) {
  return execa('git', [...args], {
    reject: false,
    stripFinalNewline: false,
    extendEnv: false,
    env: options.env,
    timeout: options.timeout,
    forceKillAfterDelay: 2_000,
    stdin: options.input === undefined ? 'ignore' : 'pipe',
    buffer: { stdout: keepOutput, stderr: true },
    maxBuffer: options.maxOutput ?? 256 * 1024 * 1024,
    ...(options.input === undefined ? {} : { input: options.input }),
    ...(options.cwd ? { cwd: options.cwd } : {}),
    ...(options.signal ? { cancelSignal: options.signal } : {}),
  })
}

function outcome(result: Awaited<ReturnType<typeof startGit>>): GitResult {
  return {
    exitCode: result.exitCode ?? null,
    stdout: result.stdout ?? '',
    stderr: result.stderr ?? '',
    timedOut: result.timedOut,
    truncated: result.isMaxBuffer,
    startError: result.exitCode === undefined && result.code ? result.code : null,
  }
}
