/** The tags of a repository, without a clone. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { TagshipError } from '@tagship/domain'
import type { Remote } from './access/remote.ts'
import { remoteError } from './git-error.ts'
import { inRepository, type LocalRepository, peelAll } from './local.ts'
import { runGit } from './run-git.ts'
import { forEachRefFormat, parseForEachRef, parseLsRemote, type TagList, tagList } from './tag-refs.ts'

export interface SeenTags {
  /** Stands for all that was shown: shown again, nothing has changed. */
  readonly print: string
  /** Null: the print is the one that was given. */
  readonly list: TagList | null
}

/** Characters of a list at most: about 300,000 annotated tags. */
const longestList = 48 * 1024 * 1024

/**
 * One round with the server, of tags only (protocol version 2). It names objects but not their types: that a
 * lightweight tag points at a blob shows when it is fetched. `cwd` is a folder that is not inside a repository.
 * @param known the print of the last time @throws git.unreachable, git.denied, git.notFound, git.tooLarge, git.failed
 */
export async function listRemoteTags(
  remote: Remote,
  cwd: string,
  timeout: number,
  known: string | null = null,
): Promise<SeenTags> {
  const args = ['ls-remote', '--tags', '--quiet', '--', remote.address]
  const env = { ...remote.env, GIT_CEILING_DIRECTORIES: cwd }
  const result = await runGit(args, { env, cwd, timeout, maxOutput: longestList, maxMemory: listingMemory })
  if (result.truncated) {
    throw new TagshipError('git.tooLarge', `${remote.address} lists more tags than can be looked at`)
  }
  if (result.exitCode !== 0) throw remoteError(result, remote.address)
  if (result.stdout === '') await requireGit(remote, cwd, timeout)
  const print = printOf(result.stdout)
  return { print, list: print === known ? null : parseLsRemote(result.stdout) }
}

/**
 * To git, a page that asks people to log in is a server of plain files that lists nothing, and every tag would seem
 * to be deleted. @throws git.failed
 */
async function requireGit({ address, env }: Remote, cwd: string, timeout: number): Promise<void> {
  if (!/^https?:/.test(address)) return
  const traced = { ...env, GIT_CEILING_DIRECTORIES: cwd, GIT_TRACE_PACKET: '1' }
  const result = await runGit(['ls-remote', '--', address, 'HEAD'], { env: traced, cwd, timeout })
  if (result.exitCode !== 0) throw remoteError(result, address)
  if (/packet: /.test(result.stderr)) return
  throw new TagshipError(
    'git.failed',
    `${address} does not answer as a git repository does; is it the right URL?`,
  )
}

/** Bytes that git may take for a list: a server that never ends it must not fill the machine. */
const listingMemory = 1024 ** 3

/** @throws git.notFound, git.failed */
export async function listHostedTags(
  repository: LocalRepository,
  known: string | null = null,
): Promise<SeenTags> {
  if (!existsSync(repository.gitDir))
    throw new TagshipError('git.notFound', `${repository.place} is not there`)
  const output = await inRepository(repository, ['for-each-ref', `--format=${forEachRefFormat}`, 'refs/tags'])
  const print = printOf(output)
  return { print, list: print === known ? null : await listOf(repository, output) }
}

async function listOf(repository: LocalRepository, output: string): Promise<TagList> {
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

function printOf(output: string): string {
  return createHash('sha256').update(output).digest('hex')
}
