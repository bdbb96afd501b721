/**
 * Brings one commit into an app's mirror, with nothing but what is needed for it.
 *
 * What has arrived is marked by the ref `refs/tagship/commits/SHA`, which git writes after it has checked that
 * every object is there. No other lock is needed: each commit has a ref of its own, git adds objects as whole
 * packs, and two processes that fetch the same commit at once do the same thing twice.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type CommitSha, quote, type TagName, TagshipError } from '@tagship/domain'
import { createRepository, removeRepository } from './create-repository.ts'
import { gitError, isDamage, remoteError } from './git-error.ts'
import { type LocalRepository, localOptions, peel } from './local.ts'
import type { Remote } from './remote.ts'
import { type GitResult, runGit } from './run-git.ts'
import { removeStaleLocks } from './stale-locks.ts'

export interface FetchRequest {
  readonly mirror: LocalRepository
  readonly remote: Remote
  readonly commit: CommitSha
  /** The tag that is said to point at the commit; null: the commit is asked for by its SHA. */
  readonly tag: TagName | null
  /** Milliseconds. */
  readonly timeout: number
}

const fetchOptions = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules']

/** Whether the commit and all that belongs to it are in the mirror. */
export async function isFetched(mirror: LocalRepository, commit: CommitSha): Promise<boolean> {
  const args = ['rev-parse', '--verify', '--quiet', `${markerOf(commit)}^{commit}`]
  const result = await runGit([`--git-dir=${mirror.gitDir}`, ...args], localOptions())
  return result.exitCode === 0 && result.stdout.trim() === commit
}

/**
 * Makes the mirror where there is none, and makes it anew where it is damaged.
 * @throws git.*, tag.notFound, tag.moved, tag.notACommit
 */
export async function fetchIntoMirror(request: FetchRequest): Promise<void> {
  try {
    await fetchOnce(request)
  } catch (error) {
    if (!isDamage(error)) throw error
    await removeRepository(request.mirror)
    await fetchOnce(request)
  }
}

async function fetchOnce(request: FetchRequest): Promise<void> {
  const { mirror, remote, commit, tag } = request
  await createRepository(mirror, false)
  const source = tag === null ? commit : `refs/tags/${tag}`
  const result = await fetchRefs(request, [`+${source}:${markerOf(commit)}`])
  if (result.exitCode === 0) return verify(request)
  if (!/couldn't find remote ref|not our ref|unadvertised object/.test(result.stderr)) {
    throw remoteError(result, remote.address)
  }
  if (tag !== null) throw new TagshipError('tag.notFound', `${quote(tag)} is gone from ${remote.address}`)
  await fetchEverything(request)
}

/** For servers that do not hand out a commit by its SHA. */
async function fetchEverything(request: FetchRequest): Promise<void> {
  const { mirror, remote, commit } = request
  const refspecs = ['+refs/heads/*:refs/tagship/heads/*', '+refs/tags/*:refs/tagship/tags/*']
  const result = await fetchRefs(request, refspecs, ['--prune'])
  if (result.exitCode !== 0) throw remoteError(result, remote.address)
  const mark = await runGit(
    [`--git-dir=${mirror.gitDir}`, 'update-ref', markerOf(commit), commit],
    localOptions(),
  )
  if (/nonexistent object|not a valid SHA1/.test(mark.stderr)) {
    throw new TagshipError(
      'tag.notFound',
      `no branch and no tag of ${remote.address} leads to commit ${commit}`,
    )
  }
  if (mark.exitCode !== 0) throw gitError(mark, mirror.place)
  await verify(request)
}

/** Tries again, for as long as a lock of git's may belong to somebody. */
async function fetchRefs(
  { mirror, remote, timeout }: FetchRequest,
  refspecs: readonly string[],
  options: readonly string[] = [],
): Promise<GitResult> {
  // Objects arrive as one pack or not at all: loose ones would come one by one.
  const args = ['-c', 'fetch.unpackLimit=1', 'fetch', ...fetchOptions, ...options, '--', remote.address]
  for (let attempt = 1; ; attempt++) {
    const result = await runGit([`--git-dir=${mirror.gitDir}`, ...args, ...refspecs], {
      env: remote.env,
      timeout,
    })
    const locked = result.exitCode !== 0 && /\.lock': File exists/.test(result.stderr)
    if (!locked || attempt === 60) return result
    await sleep(500)
    await removeStaleLocks(mirror.gitDir)
  }
}

async function verify({ mirror, remote, commit, tag }: FetchRequest): Promise<void> {
  const found = await peel(mirror, markerOf(commit))
  const name = tag === null ? commit : quote(tag)
  if (found?.type !== 'commit') {
    throw new TagshipError(
      'tag.notACommit',
      `${name} of ${remote.address} points at a ${found?.type ?? 'missing object'}`,
    )
  }
  if (found.sha === commit) return
  if (tag === null) throw new TagshipError('tag.notACommit', `${name} of ${remote.address} is a tag object`)
  throw new TagshipError(
    'tag.moved',
    `${name} of ${remote.address} pointed at ${commit.slice(0, 7)} and points at ${found.sha.slice(0, 7)} now`,
  )
}

function markerOf(commit: CommitSha): string {
  return `refs/tagship/commits/${commit}`
}
