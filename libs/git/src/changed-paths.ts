/** What differs between two commits in a repository on our disk. */
import type { CommitSha } from '@tagship/domain'
import { inRepository, type LocalRepository } from './local.ts'

/** Names that are read at most: one is enough to know that something changed. */
const longestOutput = 64 * 1024 * 1024
const mostNames = 20

/**
 * Files that differ, at most 20 of them. `paths` are folders, files and globs as gitglossary(7) has them ("glob"):
 * `*` stops at a slash, `**` does not. Compares trees only. @throws git.failed
 */
export async function changedPaths(
  repository: LocalRepository,
  { from, to }: { readonly from: CommitSha; readonly to: CommitSha },
  paths: readonly string[],
): Promise<string[]> {
  const args = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', from, to, '--']
  const specs = paths.map((path) => `:(top,glob)${path}`)
  const output = await inRepository(repository, [...args, ...specs], { maxOutput: longestOutput })
  return output.split('\0', mostNames).filter((name) => name !== '')
}
