/**
 * Brings one commit into a mirror: the history that leads to it, since what lies between two commits is shown to
 * people, and the files of the commit itself. The files of older commits stay away, where the server can leave them
 * out. Of a submodule's commit nobody asks for history: there, only its files come.
 *
 * What has arrived is marked by a ref once every object that belongs to the commit is there. No other lock is needed:
 * each commit has a ref of its own, git adds objects as whole packs, and two processes that fetch the same commit at
 * once do the same thing twice. Who dies half-way leaves objects without a mark, which the next fetch does not ask for
 * again.
 */
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type CommitSha, quote, type TagName, TagshipError } from '@tagship/domain'
import type { Remote } from './access/remote.ts'
import { createRepository, removeRepository } from './create-repository.ts'
import { gitError, isDamage, remoteError } from './git-error.ts'
import { inRepository, localOptions, peel } from './local.ts'
import { arrivalOf, type Mirror, markOf, marksOf } from './mirror.ts'
import { offersFilter, requireAccess, requireReachable } from './reachable.ts'
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

/** Characters: a commit of a million files. */
const longestList = 48 * 1024 * 1024

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
  const refspec = `+${source}:${arrivalOf(mirror, commit)}`
  const extent = pinned ? 'files' : await extentOf(request)
  const result = await fetchRefs(request, [refspec], extent)
  if (result.exitCode === 0) {
    await verify(request)
    if (!pinned) await fetchFiles(request, extent)
    return mark(request)
  }
  if (!/couldn't find remote ref|not our ref|unadvertised object/.test(result.stderr)) {
    throw remoteError(result, remote.address)
  }
  if (tag !== null) throw new TagshipError('tag.notFound', `${quote(tag)} is gone from ${remote.address}`)
  await fetchEverything(request)
}

/** For servers that do not hand out a commit by its SHA. */
async function fetchEverything(request: FetchRequest): Promise<void> {
  const { mirror, remote, commit } = request
  await fetchAllRefs(request)
  const found = await updateRefs(request, `update ${arrivalOf(mirror, commit)} ${commit}\n`)
  if (/nonexistent object|not a valid SHA1/.test(found.stderr)) {
    throw new TagshipError(
      'tag.notFound',
      `no branch and no tag of ${remote.address} leads to commit ${commit}`,
    )
  }
  if (found.exitCode !== 0) throw gitError(found, mirror.place)
  await verify(request)
  await mark(request)
}

async function fetchAllRefs(request: FetchRequest): Promise<void> {
  const marks = marksOf(request.mirror)
  const refspecs = [`+refs/heads/*:${marks}/heads/*`, `+refs/tags/*:${marks}/all-tags/*`]
  const result = await fetchRefs(request, refspecs, 'everything')
  if (result.exitCode !== 0) throw remoteError(result, request.remote.address)
}

async function extentOf({ mirror, remote, timeout }: FetchRequest): Promise<'history' | 'whole'> {
  return (await offersFilter(dirname(mirror.gitDir), remote, timeout)) ? 'history' : 'whole'
}

/** The files of the commit that its history came without. */
async function fetchFiles(request: FetchRequest, extent: Extent): Promise<void> {
  const missing = await missingFiles(request)
  if (missing.length === 0) return
  if (extent === 'history') {
    const result = await fetchRefs(request, missing, extent)
    if (result.exitCode !== 0) throw remoteError(result, request.remote.address)
  } else {
    // It could leave files out when the mirror was made, and thinks that they are here.
    await fetchAllRefs(request)
  }
  const still = await missingFiles(request)
  if (still.length === 0) return
  throw new TagshipError('git.failed', `${request.remote.address} did not send ${still.length} files`)
}

/** Their SHAs; each once. */
async function missingFiles({ mirror, commit, timeout }: FetchRequest): Promise<string[]> {
  const list = ['rev-list', '--objects', '--missing=print', '--no-object-names', `${commit}^{tree}`]
  const options = { timeout, maxOutput: longestList }
  return [...(await inRepository(mirror, list, options)).matchAll(/^\?([0-9a-f]+)$/gm)].map(
    ([, sha]) => sha ?? '',
  )
}

async function mark(request: FetchRequest): Promise<void> {
  const { mirror, commit } = request
  const [arrived, whole] = [arrivalOf(mirror, commit), markOf(mirror, commit)]
  const result = await updateRefs(request, `update ${whole} ${commit}\ndelete ${arrived}\n`)
  if (result.exitCode !== 0) throw gitError(result, mirror.place)
}

/** All of these, or none. */
function updateRefs({ mirror, timeout }: FetchRequest, commands: string): Promise<GitResult> {
  const args = [`--git-dir=${mirror.gitDir}`, 'update-ref', '--stdin']
  return unlessLocked(mirror, timeout, (left) =>
    runGit(args, localOptions({ input: commands, timeout: left })),
  )
}

/**
 * `history`: commits and folders, without files. `files`: one commit with its files, without what leads to it.
 * `whole`: both, as far as it is new. `everything`: both, also what is here already.
 */
type Extent = 'history' | 'files' | 'whole' | 'everything'

/** A git that knows of the remote as one that it may ask later does not mind what was left out. */
const optionsOf: Readonly<Record<Extent, { settings: readonly string[]; options: readonly string[] }>> = {
  history: {
    settings: ['remote.origin.promisor=true', 'remote.origin.partialclonefilter=blob:none'],
    options: ['--filter=blob:none'],
  },
  files: { settings: [], options: ['--depth=1'] },
  whole: { settings: [], options: [] },
  everything: { settings: [], options: ['--prune', '--refetch'] },
}

/** @param what refspecs, or SHAs of single objects */
export async function fetchRefs(
  { mirror, remote, timeout }: Pick<FetchRequest, 'mirror' | 'remote' | 'timeout'>,
  what: readonly string[],
  extent: Extent,
): Promise<GitResult> {
  const { settings, options } = optionsOf[extent]
  // Objects arrive as one pack or not at all: loose ones would come one by one.
  const config = [`remote.origin.url=${remote.address}`, 'fetch.unpackLimit=1', ...settings]
  const args = config.flatMap((setting) => ['-c', setting])
  const input = what.map((line) => `${line}\n`).join('')
  const run = (chosen: readonly string[], left: number) =>
    runGit(
      [`--git-dir=${mirror.gitDir}`, ...args, 'fetch', ...fetchOptions, ...chosen, '--stdin', 'origin'],
      { env: remote.env, timeout: left, input },
    )
  return unlessLocked(mirror, timeout, async (left) => {
    const result = await run(options, left)
    return extent === 'files' && cannotBeShallow.test(result.stderr) ? run([], left) : result
  })
}

/** Tries again, for as long as a lock of git's may belong to somebody. */
async function unlessLocked(
  mirror: Mirror,
  timeout: number,
  run: (left: number) => Promise<GitResult>,
): Promise<GitResult> {
  const deadline = Date.now() + timeout
  for (let attempt = 1; ; attempt++) {
    const result = await run(Math.max(1_000, deadline - Date.now()))
    if (result.exitCode === 0 || Date.now() > deadline) return result
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
  const found = await peel(mirror, arrivalOf(mirror, commit))
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
