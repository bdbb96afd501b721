/** What a commit on our disk says. */
import { posix } from 'node:path'
import { type CommitSha, TagshipError } from '@tagship/domain'
import type { CommitFacts } from '@tagship/engine'
import { gitError } from './git-error.ts'
import { inRepository, type LocalRepository, localOptions } from './local.ts'
import { runGit } from './run-git.ts'

/**
 * A text file of at most `limit` bytes; null where there is none.
 * @throws git.tooLarge, git.failed
 */
export async function readTextFile(
  repository: LocalRepository,
  commit: CommitSha,
  path: string,
  limit: number,
): Promise<string | null> {
  const file = posix.normalize(path)
  // A line is a question to `cat-file --batch`; and nothing is outside of the repository.
  if (file.includes('\n') || file.startsWith('..')) return null
  const result = await runGit(
    [`--git-dir=${repository.gitDir}`, 'cat-file', '--batch=%(objecttype) %(objectsize)'],
    localOptions({ input: `${commit}:${file}\n`, maxOutput: limit + 1_000 }),
  )
  const [, type, size] = /^(\w+) (\d+)\n/.exec(result.stdout) ?? []
  if (type === 'blob' && Number(size) > limit) {
    throw new TagshipError('git.tooLarge', `${path} has ${size} bytes, ${limit} are allowed`)
  }
  if (result.exitCode !== 0) throw gitError(result, repository.place)
  if (type === 'blob') return result.stdout.slice(result.stdout.indexOf('\n') + 1, -1)
  // No file: or no commit, which is a failure of ours.
  await inRepository(repository, ['cat-file', '-e', `${commit}^{commit}`])
  return null
}

/** For the history's display. @throws git.failed */
export async function describe(repository: LocalRepository, commit: CommitSha): Promise<CommitFacts> {
  const args = ['log', '-1', '--no-show-signature', '--encoding=UTF-8', '--format=%cI%x00%an%x00%s', commit]
  const [committedAt = '', author = '', subject = ''] = (await inRepository(repository, args)).split('\0')
  return { subject: subject.trimEnd(), author, committedAt: new Date(committedAt) }
}
