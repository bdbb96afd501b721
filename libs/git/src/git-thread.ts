/** What the thread of `run-git.ts` does. */
import { type GitOptions, type GitResult, startGit } from './start-git.ts'

export default function run([args, options]: [
  args: readonly string[],
  options: GitOptions,
]): Promise<GitResult> {
  return startGit(args, options, true).ended
}
