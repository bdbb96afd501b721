/** The tags of a repository, without a clone. */

import { existsSync } from 'node:fs'
import { TagshipError } from '@tagship/domain'
import { remoteError } from './git-error.ts'
import { inRepository, type LocalRepository, peelAll } from './local.ts'
import type { Remote } from './remote.ts'
import { runGit } from './run-git.ts'
import { forEachRefFormat, parseForEachRef, parseLsRemote, type TagList, tagList } from './tag-refs.ts'

/**
 * One round with the server. It names objects but not their types: that a lightweight tag points at a
 * blob shows when it is fetched. `cwd` is a folder that is not inside a repository.
 * @throws git.unreachable, git.denied, git.notFound, git.failed
 */
export async function listRemoteTags(remote: Remote, cwd: string, timeout: number): Promise<TagList> {
  const args = ['ls-remote', '--tags', '--quiet', '--', remote.address]
  const env = { ...remote.env, GIT_CEILING_DIRECTORIES: cwd }
  const result = await runGit(args, { env, cwd, timeout })
  if (result.exitCode !== 0) throw remoteError(result, remote.address)
  return parseLsRemote(result.stdout)
}

/** @throws git.notFound, git.failed */
export async function listHostedTags(repository: LocalRepository): Promise<TagList> {
  if (!existsSync(repository.gitDir))
    throw new TagshipError('git.notFound', `${repository.place} is not there`)
  const output = await inRepository(repository, ['for-each-ref', `--format=${forEachRefFormat}`, 'refs/tags'])
  const refs = parseForEachRef(output)
  const nested = refs.filter((ref) => ref.type === 'tag')
  if (nested.length === 0) return tagList(refs)
  const ends = await peelAll(
    repository,
    nested.map((ref) => ref.refSha),
  )
  const endOf = new Map(nested.map((ref, index) => [ref.name, ends[index]]))
  return tagList(
    refs.map((ref) => {
      const end = endOf.get(ref.name)
      return end ? { ...ref, peeled: end.sha, type: end.type } : ref
    }),
  )
}
