/** The engine's `Source`: remote and hosted repositories, through git. */
import { mkdir, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type AppName, type CommitSha, quote, TagshipError } from '@tagship/domain'
import type { Log, Repository, Source } from '@tagship/engine'
import { archiveCommit } from './archive.ts'
import { changedPaths } from './changed-paths.ts'
import { type Comparison, compareCommits } from './compare-commits.ts'
import { removeRepository, setAside } from './create-repository.ts'
import { fetchIntoMirror, isFetched } from './fetch-commit.ts'
import { isDamage } from './git-error.ts'
import { listHostedTags, listRemoteTags } from './list-tags.ts'
import { type LocalRepository, localRepository, peel } from './local.ts'
import { oneAtATime } from './one-at-a-time.ts'
import { describe, readTextFile } from './read-commit.ts'
import { readLocalTags, readRemoteTags } from './read-tags.ts'
import { remoteOf } from './remote.ts'
import { sweepScratch } from './scratch.ts'
import type { RefusedTag, TagList } from './tag-refs.ts'

export interface GitLimits {
  /** Milliseconds that listing the tags of a remote may take. */
  readonly listTimeout: number
  /** Milliseconds that fetching a commit may take. */
  readonly fetchTimeout: number
  /** Milliseconds that archiving a commit may take. */
  readonly archiveTimeout: number
  /** Bytes of a file that `readFile` reads. */
  readonly fileBytes: number
  /** Bytes of a build context. */
  readonly archiveBytes: number
}

const defaultLimits: GitLimits = {
  listTimeout: 30_000,
  fetchTimeout: 15 * 60_000,
  archiveTimeout: 15 * 60_000,
  fileBytes: 1024 * 1024,
  archiveBytes: 2 * 1024 * 1024 * 1024,
}

export interface GitSourceOptions {
  /** Holds a bare repository per app, `APP.git`. */
  readonly folder: string
  /** Holds the archives that are waiting to be built. */
  readonly spoolFolder: string
  readonly log: Log
  readonly limits?: Partial<GitLimits>
}

export interface GitSource extends Source {
  /** As `listTags`, with the tags that were left out, and why. @throws git.* */
  listAllTags(repository: Repository): Promise<TagList>
  /** Null where one of the two has not been fetched. @throws git.failed */
  compare(repository: Repository, base: CommitSha, head: CommitSha): Promise<Comparison | null>
}

export function createGitSource(options: GitSourceOptions): GitSource {
  const limits = { ...defaultLimits, ...options.limits }
  const folder = resolve(options.folder)
  const spoolFolder = resolve(options.spoolFolder)
  const ready = prepareFolders([folder, spoolFolder])
  // Whoever uses the source gets the failure; without a user it is nobody's.
  ready.catch(() => {})
  const inTurn = oneAtATime()
  const reportRefused = reporter(options.log)
  const local = ({ app }: Repository) => localRepository(folder, app)

  async function listAllTags(repository: Repository): Promise<TagList> {
    await ready
    const list =
      repository.url === null
        ? await listHostedTags(local(repository))
        : await listRemoteTags(remoteOf(repository.url), folder, limits.listTimeout)
    reportRefused(repository.app, list.refused)
    return list
  }

  return {
    listAllTags,
    listTags: async (repository) => (await listAllTags(repository)).tags,

    async fetchCommit(repository, commit, tag) {
      const mirror = local(repository)
      if (repository.url === null) return requireCommit(mirror, commit)
      if (await isFetched(mirror, commit)) return
      await ready
      const remote = remoteOf(repository.url)
      await inTurn(repository.app, async () => {
        if (await isFetched(mirror, commit)) return
        await fetchIntoMirror({ mirror, remote, commit, tag, timeout: limits.fetchTimeout })
      })
    },

    readFile: (repository, commit, path) =>
      renewing(repository, () => readTextFile(local(repository), commit, path, limits.fileBytes)),

    async archive(repository, commit, context, signal) {
      await ready
      const { archiveBytes: limit, archiveTimeout: timeout } = limits
      const request = { repository: local(repository), commit, context, spoolFolder, limit, timeout, signal }
      return renewing(repository, () => archiveCommit(request))
    },

    changedPaths: (repository, commits, paths) =>
      renewing(repository, () => changedPaths(local(repository), commits, paths)),

    async readTags(repository, tags) {
      if (repository.url === null) return readLocalTags(local(repository), tags)
      await ready
      return readRemoteTags(remoteOf(repository.url), folder, tags, limits.fetchTimeout)
    },

    discard: (context) => rm(context.path, { force: true }),
    describeCommit: (repository, commit) => describe(local(repository), commit),
    compare: (repository, base, head) => compareCommits(local(repository), base, head),
    forget: (repository) =>
      inTurn(repository.app, () =>
        repository.url === null
          ? setAside(local(repository), join(folder, 'removed'))
          : removeRepository(local(repository)),
      ),
  }

  /** A mirror that turns out to be damaged is given up; the next `fetchCommit` makes it anew. */
  async function renewing<T>(repository: Repository, read: () => Promise<T>): Promise<T> {
    try {
      return await read()
    } catch (error) {
      if (repository.url !== null && isDamage(error)) {
        options.log.warn({ app: repository.app, err: error }, 'the mirror is damaged and will be made anew')
        await inTurn(repository.app, () => removeRepository(local(repository)))
      }
      throw error
    }
  }
}

async function prepareFolders(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    await mkdir(folder, { recursive: true })
    await sweepScratch(folder)
  }
}

/** A hosted repository has what was pushed to it, and there is nowhere else to look. */
async function requireCommit(repository: LocalRepository, commit: CommitSha): Promise<void> {
  const found = await peel(repository, commit)
  if (!found) throw new TagshipError('tag.notFound', `there is no commit ${commit} in ${repository.place}`)
  if (found.type !== 'commit' || found.sha !== commit) {
    throw new TagshipError('tag.notACommit', `${commit} in ${repository.place} is not a commit`)
  }
}

/** Says which tags were left out, once for each change: tags are listed every few seconds. */
function reporter(log: Log): (app: AppName, refused: readonly RefusedTag[]) => void {
  const reported = new Map<AppName, string>()
  return (app, refused) => {
    const names = refused.map(({ name }) => quote(name)).join(', ')
    if (names === (reported.get(app) ?? '')) return
    reported.set(app, names)
    log.warn({ app, refused: refused.slice(0, 20), count: refused.length }, 'tags that cannot be deployed')
  }
}
