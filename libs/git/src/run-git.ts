/** git, as the rest of this folder knows it: an argument array, an environment of ours, and no shell. */
import { Piscina } from 'piscina'
import { type GitOptions, type GitResult, type RunningGit, startGit } from './start-git.ts'

export type { GitOptions, GitResult } from './start-git.ts'

/**
 * Starting a process takes until the kernel has found a core to run it on, and whoever starts it stands still
 * meanwhile: on a busy machine some ten milliseconds. A thread of its own stands still in place of the controller.
 */
const thread = new Piscina<Parameters<typeof runGit>, GitResult>({
  filename: new URL('git-thread.ts', import.meta.url).href,
  minThreads: 0,
  maxThreads: 1,
  concurrentTasksPerWorker: 1_000,
  idleTimeout: 60_000,
  // It has to hear of what it has started while it waits for the next.
  atomics: 'disabled',
})

/** Runs to the end and reports; never throws for what git does. */
export async function runGit(args: readonly string[], options: GitOptions): Promise<GitResult> {
  return thread.run([args, options])
}

/** Starts git and leaves its standard output to the caller, as a stream that nobody keeps. */
export function streamGit(args: readonly string[], options: GitOptions): RunningGit {
  return startGit(args, options, false)
}
