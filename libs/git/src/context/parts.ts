/** What a build context is put together from: the commit itself, and the submodules that it pins. */
import { posix } from 'node:path'
import { type CommitSha, quote, type RepoUrl, TagshipError } from '@tagship/domain'
import type { Remote } from '../access/remote.ts'
import type { LocalRepository } from '../local.ts'
import { type ArchivePart, contextFolder } from './archive.ts'
import { lfsStore } from './lfs.ts'
import { submodulesOf } from './submodules.ts'

export interface ContextRequest {
  readonly root: LocalRepository
  readonly commit: CommitSha
  /** The folder of the commit, as it was given. */
  readonly context: string
  /** Null: Tagship hosts the repository itself. */
  readonly url: RepoUrl | null
  /** Brings the commit of a submodule to this disk. */
  readonly fetch: (url: RepoUrl, commit: CommitSha) => Promise<LocalRepository>
  readonly reach: <T>(url: RepoUrl, use: (remote: Remote) => Promise<T>) => Promise<T>
  readonly spoolFolder: string
  /** Milliseconds. */
  readonly timeout: number
}

/** Submodules of submodules, and all of them together, at most. */
const deepest = 5
const most = 100

/** @throws manifest.invalid, git.submodule, git.* */
export async function contextParts(request: ContextRequest): Promise<ArchivePart[]> {
  const folder = contextFolder(request.context)
  const { root: repository, commit, url } = request
  const parts: ArchivePart[] = []
  await collect({ repository, commit, folder, prefix: '', url, depth: 0 })
  return parts

  async function collect(place: Place): Promise<void> {
    const { repository, commit, folder, prefix, url, depth } = place
    parts.push({ repository, commit, folder, prefix, lfs: lfsOf(place) })
    for (const submodule of await submodulesOf(repository, commit, folder, url)) {
      if (depth === deepest || parts.length > most) {
        throw new TagshipError(
          'git.submodule',
          `the submodule ${quote(submodule.path)}: there are more, or deeper ones, than can be built`,
        )
      }
      await collect({
        repository: await fetchSubmodule(submodule),
        commit: submodule.commit,
        folder: '.',
        prefix: `${prefix}${posix.relative(folder, submodule.path)}/`,
        url: submodule.url,
        depth: depth + 1,
      })
    }
  }

  /** A refusal for good is told as the submodule's; what passes is tried again. */
  async function fetchSubmodule({ path, url, commit }: Submodule): Promise<LocalRepository> {
    try {
      return await request.fetch(url, commit)
    } catch (error) {
      if (!(error instanceof TagshipError) || error.entry.retry) throw error
      throw new TagshipError('git.submodule', `the submodule ${quote(path)}: ${error.message}`, {
        cause: error,
      })
    }
  }

  function lfsOf({ repository, url }: Place) {
    const { reach, spoolFolder, timeout } = request
    const withRemote = url === null ? null : <T>(use: (remote: Remote) => Promise<T>) => reach<T>(url, use)
    return lfsStore({ gitDir: repository.gitDir, spoolFolder, withRemote, timeout })
  }
}

type Submodule = Awaited<ReturnType<typeof submodulesOf>>[number]

interface Place {
  readonly repository: LocalRepository
  readonly commit: CommitSha
  readonly folder: string
  readonly prefix: string
  readonly url: RepoUrl | null
  readonly depth: number
}
