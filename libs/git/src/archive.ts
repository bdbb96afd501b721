/** A commit's folder as a tar on disk. */
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { type CommitSha, quote, TagshipError } from '@tagship/domain'
import type { SpooledContext } from '@tagship/engine'
import { gitError } from './git-error.ts'
import { type LocalRepository, localOptions } from './local.ts'
import { type GitResult, streamGit } from './run-git.ts'
import { scratchName } from './scratch.ts'

export interface ArchiveRequest {
  readonly repository: LocalRepository
  readonly commit: CommitSha
  /** Path of the folder inside the commit. */
  readonly context: string
  readonly spoolFolder: string
  /** Bytes. */
  readonly limit: number
  /** Milliseconds. */
  readonly timeout: number
  readonly signal: AbortSignal
}

/**
 * The tar of the same commit and folder has the same bytes, always: times in it are the commit's own.
 * @throws manifest.invalid where there is no such folder, git.tooLarge, git.failed
 */
export async function archiveCommit(request: ArchiveRequest): Promise<SpooledContext> {
  request.signal.throwIfAborted()
  const folder = contextFolder(request.context)
  const scratch = join(request.spoolFolder, scratchName())
  const path = `${scratch}.tar`
  try {
    const place = await archivePlace(folder, scratch)
    const spooled = await spool(request, place, `${scratch}.part`)
    await rename(`${scratch}.part`, path)
    return { path, ...spooled }
  } finally {
    await rm(`${scratch}.part`, { force: true })
    await rm(scratch, { recursive: true, force: true })
  }
}

function contextFolder(context: string): string {
  const folder = posix.normalize(context).replace(/\/$/, '')
  if (posix.isAbsolute(folder) || folder.split('/').includes('..')) {
    throw new TagshipError('manifest.invalid', `build.context: ${quote(context)} is outside the repository`)
  }
  return folder
}

/**
 * git archives the part of the commit that corresponds to the current directory of the work tree, so
 * an empty work tree with that one folder is all it takes. (The tree object of the folder, named
 * directly, would be archived with the present time, and without the commit's id.)
 */
async function archivePlace(folder: string, scratch: string): Promise<{ args: string[]; cwd?: string }> {
  if (folder === '.') return { args: [] }
  const cwd = join(scratch, folder)
  await mkdir(cwd, { recursive: true })
  return { args: [`--work-tree=${scratch}`], cwd }
}

async function spool(
  { repository, commit, context, limit, timeout, signal }: ArchiveRequest,
  place: { args: string[]; cwd?: string },
  path: string,
): Promise<{ sha256: string; bytes: number }> {
  const git = streamGit(
    [`--git-dir=${repository.gitDir}`, ...place.args, 'archive', '--format=tar', commit],
    localOptions({ timeout, ...(place.cwd ? { cwd: place.cwd } : {}), config: { 'tar.umask': '0022' } }),
  )
  const hash = createHash('sha256')
  let bytes = 0
  async function* measure(source: AsyncIterable<Buffer>) {
    for await (const chunk of source) {
      bytes += chunk.length
      if (bytes > limit) {
        throw new TagshipError('git.tooLarge', `the build context at ${commit} has more than ${limit} bytes`)
      }
      hash.update(chunk)
      yield chunk
    }
  }
  try {
    await pipeline(git.stdout, measure, createWriteStream(path), { signal })
  } catch (error) {
    git.stop()
    await git.ended
    throw error
  }
  const result = await git.ended
  if (result.exitCode !== 0) throw archiveError(result, repository, commit, context)
  return { sha256: hash.digest('hex'), bytes }
}

function archiveError(result: GitResult, repository: LocalRepository, commit: CommitSha, context: string) {
  if (!result.stderr.includes('current working directory is untracked')) {
    return gitError(result, repository.place)
  }
  const detail = `build.context: there is no folder ${quote(context)} at commit ${commit.slice(0, 7)}`
  return new TagshipError('manifest.invalid', detail)
}
