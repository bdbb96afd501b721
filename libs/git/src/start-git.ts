/** Runs git with an argument array and an environment of ours; no shell is involved. */
import { existsSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { execa } from 'execa'
import { stepBack } from './step-back.ts'

/** Milliseconds between SIGTERM and SIGKILL. */
const graceTime = 2_000

export interface GitOptions {
  readonly env: Readonly<Record<string, string>>
  /** Milliseconds; git and its helpers are ended when they have passed. */
  readonly timeout: number
  readonly cwd?: string
  readonly input?: string
  /** Characters of output at most; git is ended when there are more. */
  readonly maxOutput?: number
  /** Bytes of memory that git may take, where the system can see to it. */
  readonly maxMemory?: number
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

export interface RunningGit {
  readonly stdout: Readable
  /** Ends git and its helpers. */
  readonly stop: () => void
  /** Never rejects. */
  readonly ended: Promise<GitResult>
}

/** @param keepOutput whether standard output is kept for the result; else it is the caller's to read */
export function startGit(args: readonly string[], options: GitOptions, keepOutput: boolean): RunningGit {
  const git = execa(...commandOf(args, options), {
    reject: false,
    stripFinalNewline: false,
    extendEnv: false,
    env: options.env,
    stdin: options.input === undefined ? 'ignore' : 'pipe',
    buffer: { stdout: keepOutput, stderr: true },
    maxBuffer: options.maxOutput ?? 256 * 1024 * 1024,
    // A group and a session of its own: it is ended together with its helpers, and has no terminal to ask at.
    detached: true,
    cleanup: false,
    ...(options.input === undefined ? {} : { input: options.input }),
    ...(options.cwd ? { cwd: options.cwd } : {}),
  })
  stepBack(git.pid)
  const limit = limitTime(git, options.timeout)
  return { stdout: git.stdout, stop: limit.stop, ended: git.then((result) => limit.report(outcome(result))) }
}

/** Of util-linux; it sets the limit and becomes git. */
const limiter = '/usr/bin/prlimit'
const canLimit = process.platform === 'linux' && existsSync(limiter)

function commandOf(args: readonly string[], { maxMemory }: GitOptions): [string, string[]] {
  if (maxMemory === undefined || !canLimit) return ['git', [...args]]
  return [limiter, [`--as=${maxMemory}`, 'git', ...args]]
}

/** Ends git's whole group, its network helpers included, which would outlive it and keep its output open. */
function limitTime({ pid }: { readonly pid?: number | undefined }, timeout: number) {
  let timedOut = false
  let hardStop: NodeJS.Timeout | undefined
  const stop = () => {
    signalGroup(pid, 'SIGTERM')
    hardStop ??= setTimeout(() => signalGroup(pid, 'SIGKILL'), graceTime)
  }
  const timer = setTimeout(() => {
    timedOut = true
    stop()
  }, timeout)
  const report = (result: GitResult): GitResult => {
    clearTimeout(timer)
    clearTimeout(hardStop)
    return { ...result, timedOut }
  }
  return { stop, report }
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal)
  } catch {
    // The group is gone already.
  }
}

/** What of execa's result matters here. */
interface Ended {
  readonly exitCode?: number | undefined
  readonly stdout?: string | undefined
  readonly stderr?: string | undefined
  readonly isMaxBuffer: boolean
  readonly code?: string | undefined
}

function outcome(result: Ended): GitResult {
  return {
    exitCode: result.exitCode ?? null,
    stdout: result.stdout ?? '',
    stderr: result.stderr ?? '',
    timedOut: false,
    truncated: result.isMaxBuffer,
    startError: result.exitCode === undefined && result.code ? result.code : null,
  }
}
