/**
 * Brings one commit into a mirror, with what leads to it: what lies between two commits is shown to people. Of a
 * submodule's commit nobody asks that: there, only its files come.
 *
 * What has arrived is marked by a ref, which git writes after it has checked that every object is there. No other
 * lock is needed: each commit has a ref of its own, git adds objects as whole packs, and two processes that fetch
 * the same commit at once do the same thing twice.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type CommitSha, quote, type TagName, TagshipError } from '@tagship/domain'
import type { Remote } from './access/remote.ts'
import { createRepository, removeRepository } from './create-repository.ts'
import { gitError, isDamage, remoteError } from './git-error.ts'
import { localOptions, peel } from './local.ts'
import { type Mirror, markOf, marksOf } from './mirror.ts'
import { requireAccess, requireReachable } from './reachable.ts'
import { type GitResult, runGit } from './run-git.ts'
import { removeStaleLocks } from './stale-locks.ts'

export interface FetchRequest {
  readonly mirror: Mirror
  readonly remote: Remote
  readonly commit: CommitSha
  /** The tag that is said to point at the commit; null: the commit is asked for by its SHA. */
  readonly tag: TagName | null
  /** A submodule's commit is named by the commit that it belongs to: no branch and no tag has to lead there. */
  readonly pinned?: boolean
  /** Milliseconds. */
  readonly timeout: number
}

const fetchOptions = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules']

/** Whether the app has fetched the commit and all that belongs to it. */
export async function isFetched(mirror: Mirror, commit: CommitSha): Promise<boolean> {
  const args = ['rev-parse', '--verify', '--quiet', `${markOf(mirror, commit)}^{commit}`]
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
  const { mirror, remote, commit, tag, pinned = false, timeout } = request
  await createRepository(mirror, false)
  if (pinned) await requireAccess(mirror, remote, timeout)
  else if (tag === null) await requireReachable(mirror, remote, commit, timeout)
  const source = tag === null ? commit : `refs/tags/${tag}`
  const depth = pinned ? ['--depth=1'] : []
  const result = await fetchRefs(request, [`+${source}:${markOf(mirror, commit)}`], depth)
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
  const marks = marksOf(mirror)
  const refspecs = [`+refs/heads/*:${marks}/heads/*`, `+refs/tags/*:${marks}/all-tags/*`]
  const result = await fetchRefs(request, refspecs, ['--prune'])
  if (result.exitCode !== 0) throw remoteError(result, remote.address)
  const mark = await runGit(
    [`--git-dir=${mirror.gitDir}`, 'update-ref', markOf(mirror, commit), commit],
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
export async function fetchRefs(
  { mirror, remote, timeout }: Pick<FetchRequest, 'mirror' | 'remote' | 'timeout'>,
  refspecs: readonly string[],
  options: readonly string[] = [],
): Promise<GitResult> {
  // Objects arrive as one pack or not at all: loose ones would come one by one.
  const args = ['-c', 'fetch.unpackLimit=1', 'fetch', ...fetchOptions]
  const what = ['--', remote.address, ...refspecs]
  const deadline = Date.now() + timeout
  let depth = options
  for (let attempt = 1; ; attempt++) {
    const result = await runGit([`--git-dir=${mirror.gitDir}`, ...args, ...depth, ...what], {
      env: remote.env,
      timeout: Math.max(1_000, deadline - Date.now()),
    })
    if (result.exitCode === 0 || Date.now() > deadline) return result
    if (cannotBeShallow.test(result.stderr) && depth.length > 0) {
      depth = []
      continue
    }
    if (!isLocked.test(result.stderr) || attempt === 60) return result
    await sleep(500)
    await removeStaleLocks(mirror.gitDir)
  }
}

/** Another fetch into the same mirror writes at this moment. */
const isLocked = /\.lock': File exists|shallow file has changed since we read it/

/** Plain files over HTTP, or a server of long ago. */
const cannotBeShallow = /does not support (--depth|shallow)/i

async function verify({ mirror, remote, commit, tag }: FetchRequest): Promise<void> {
  const found = await peel(mirror, markOf(mirror, commit))
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
