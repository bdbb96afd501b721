/** A commit's folder as a tar on disk: its files, those of its submodules, and what Git LFS keeps of them. */
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type CommitSha, quote, TagshipError } from '@tagship/domain'
import type { SpooledContext } from '@tagship/engine'
import { gitError } from '../git-error.ts'
import { type LocalRepository, localOptions } from '../local.ts'
import { type GitResult, streamGit } from '../run-git.ts'
import { scratchName } from '../scratch.ts'
import type { LfsStore } from './lfs.ts'
import { endOfTar, filesOfTar, type Replace } from './tar.ts'

/** One commit of one repository, and where its files go. */
export interface ArchivePart {
  readonly repository: LocalRepository
  readonly commit: CommitSha
  /** Path of the folder inside the commit. */
  readonly folder: string
  /** Of the names in the tar: empty, or ending with a slash. */
  readonly prefix: string
  readonly lfs: LfsStore
}

export interface ArchiveRequest {
  /** The commit itself comes first; files of the submodules follow. */
  readonly parts: readonly ArchivePart[]
  readonly spoolFolder: string
  /** Bytes. */
  readonly limit: number
  /** Milliseconds. */
  readonly timeout: number
  readonly signal: AbortSignal
}

/**
 * The tar of the same commit and folder has the same bytes, always: times in it are the commit's own.
 * @throws manifest.invalid where there is no such folder, git.tooLarge, git.lfs, git.failed
 */
export async function archiveCommit(request: ArchiveRequest): Promise<SpooledContext> {
  request.signal.throwIfAborted()
  const path = join(request.spoolFolder, `${scratchName()}.tar`)
  const draft = `${path}.part`
  try {
    const spooled = await spool(request, draft)
    await rename(draft, path)
    return { path, ...spooled }
  } finally {
    await rm(draft, { force: true })
  }
}

/** The folder in git's own way of writing it. @throws manifest.invalid */
export function contextFolder(context: string): string {
  const folder = posix.normalize(context).replace(/\/$/, '')
  if (posix.isAbsolute(folder) || folder.split('/').includes('..')) {
    throw new TagshipError('manifest.invalid', `build.context: ${quote(context)} is outside the repository`)
  }
  return folder
}

async function spool(request: ArchiveRequest, path: string): Promise<{ sha256: string; bytes: number }> {
  const { limit, signal } = request
  const hash = createHash('sha256')
  let bytes = 0
  async function* measure(source: AsyncIterable<Buffer>) {
    for await (const chunk of source) {
      bytes += chunk.length
      if (bytes > limit) {
        const commit = request.parts[0]?.commit
        throw new TagshipError('git.tooLarge', `the build context at ${commit} has more than ${limit} bytes`)
      }
      hash.update(chunk)
      yield chunk
    }
  }
  await pipeline(Readable.from(contentOf(request)), measure, createWriteStream(path), { signal })
  return { sha256: hash.digest('hex'), bytes }
}

async function* contentOf(request: ArchiveRequest): AsyncGenerator<Buffer> {
  for (const part of request.parts) yield* filesOf(part, request)
  yield endOfTar
}

/** Ends git where the reader leaves early. */
async function* filesOf(
  part: ArchivePart,
  { spoolFolder, timeout, limit }: ArchiveRequest,
): AsyncGenerator<Buffer> {
  const scratch = join(spoolFolder, scratchName())
  const place = await archivePlace(part.folder, scratch)
  const prefix = part.prefix === '' ? [] : [`--prefix=${part.prefix}`]
  const git = streamGit(
    [`--git-dir=${part.repository.gitDir}`, ...place.args, 'archive', '--format=tar', ...prefix, part.commit],
    localOptions({ timeout, ...(place.cwd ? { cwd: place.cwd } : {}), config: { 'tar.umask': '0022' } }),
  )
  try {
    const replace: Replace = (data, name) => part.lfs.contentOf(data, name, limit)
    yield* filesOfTar(git.stdout, replace)
    const result = await git.ended
    if (result.exitCode !== 0) throw archiveError(result, part)
  } finally {
    git.stop()
    await git.ended
    await rm(scratch, { recursive: true, force: true })
  }
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

function archiveError(result: GitResult, { repository, commit, folder }: ArchivePart) {
  if (!result.stderr.includes('current working directory is untracked')) {
    return gitError(result, repository.place)
  }
  const detail = `build.context: there is no folder ${quote(folder)} at commit ${commit.slice(0, 7)}`
  return new TagshipError('manifest.invalid', detail)
}
