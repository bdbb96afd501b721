/** The engine's `Source`: remote and hosted repositories, through git. */
import { mkdir, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import {
  type AppName,
  type CommitSha,
  quote,
  type RepoUrl,
  type Signer,
  type TagName,
  TagshipError,
} from '@tagship/domain'
import type { KeyInspector, Log, Repository, Source } from '@tagship/engine'
import { type NetworkPolicy, networkPolicy, takeLock } from '@tagship/kit'
import { installationTokens } from './access/github-app.ts'
import { holdToAddress } from './access/hold-to-address.ts'
import { keyInspector } from './access/inspect-keys.ts'
import { type SourceAccess, withRemote } from './access/open-remote.ts'
import type { Remote } from './access/remote.ts'
import { changedPaths } from './changed-paths.ts'
import { type Comparison, compareCommits } from './compare-commits.ts'
import { archiveCommit } from './context/archive.ts'
import { contextParts } from './context/parts.ts'
import { hostOf } from './context/submodules.ts'
import { removeRepository, setAside } from './create-repository.ts'
import { fetchIntoMirror, isFetched } from './fetch-commit.ts'
import { fetchTagObject } from './fetch-tag.ts'
import { isDamage } from './git-error.ts'
import { listHostedTags, listRemoteTags } from './list-tags.ts'
import { type LocalRepository, localRepository, peel } from './local.ts'
import { forgetMirrors, type Mirror, mirrorLock, mirrorOf } from './mirror.ts'
import { oneAtATime } from './one-at-a-time.ts'
import { describe, readTextFile } from './read-commit.ts'
import { readLocalTags, readRemoteTags } from './read-tags.ts'
import { sweepScratch } from './scratch.ts'
import { verifySignatures } from './signatures/verify.ts'
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
  /** Holds a bare repository for each hosted app, `APP.git`, and the mirrors of remote ones. */
  readonly folder: string
  /** Holds the archives that are waiting to be built. */
  readonly spoolFolder: string
  readonly log: Log
  /** With what the repository of an app is reached; nothing unless told. */
  readonly accessOf?: (app: AppName) => Promise<SourceAccess>
  /** Whose signatures count for an app; nobody's unless told. */
  readonly signersOf?: (app: AppName) => Promise<readonly Signer[]>
  /** Where remote repositories may be; unless told, on private networks too. */
  readonly networks?: NetworkPolicy
  readonly limits?: Partial<GitLimits>
}

export interface GitSource extends Source, KeyInspector {
  /** As `listTags`, with the tags that were left out, and why. @throws git.* */
  listAllTags(repository: Repository): Promise<TagList>
  /** Null where one of the two has not been fetched. @throws git.failed */
  compare(repository: Repository, base: CommitSha, head: CommitSha): Promise<Comparison | null>
}

const noAccess: SourceAccess = { credential: null, knownHosts: null }

export function createGitSource(options: GitSourceOptions): GitSource {
  const limits = { ...defaultLimits, ...options.limits }
  const folder = resolve(options.folder)
  const spoolFolder = resolve(options.spoolFolder)
  const accessFolder = join(folder, 'access')
  const ready = prepareFolders([folder, join(folder, 'mirrors'), accessFolder, spoolFolder])
  // Whoever uses the source gets the failure; without a user it is nobody's.
  ready.catch(() => {})
  const inTurn = oneAtATime()
  const reportRefused = reporter(options.log)
  const networks = options.networks ?? networkPolicy(null)
  const access = { folder: accessFolder, tokens: installationTokens(networks) }

  const local = ({ app, url }: Repository): LocalRepository =>
    url === null ? localRepository(folder, app) : mirrorOf(folder, url, app)

  /** Another repository than the app's own, a submodule's, gets the credential only where it is on the same host. */
  async function reach<T>(
    { app, url: own }: Repository,
    url: RepoUrl,
    use: (remote: Remote) => Promise<T>,
  ): Promise<T> {
    await ready
    const known = (await options.accessOf?.(app)) ?? noAccess
    const isOwnHost = own !== null && hostOf(own) === hostOf(url)
    const allowed = isOwnHost ? known : { ...known, credential: null }
    return withRemote(url, allowed, access, async (remote) => use(await holdToAddress(remote, url, networks)))
  }

  async function look(repository: Repository, known: string | null) {
    await ready
    const { url } = repository
    const seen =
      url === null
        ? await listHostedTags(local(repository), known)
        : await reach(repository, url, (remote) => listRemoteTags(remote, folder, limits.listTimeout, known))
    if (seen.list) reportRefused(repository.app, seen.list.refused)
    return seen
  }

  async function listAllTags(repository: Repository): Promise<TagList> {
    const { list } = await look(repository, null)
    return list ?? { tags: [], refused: [] }
  }

  /** git locks a mirror for the time of a fetch without history, and does not wait for another. */
  function alone<T>(mirror: Mirror, work: () => Promise<T>): Promise<T> {
    return inTurn(mirror.gitDir, async () => {
      await using lock = await takeLock(mirrorLock(mirror), limits.fetchTimeout)
      if (!lock) throw new TagshipError('git.failed', `${mirror.place}: another fetch does not end`)
      return await work()
    })
  }

  /** @param what a tag that leads to the commit, or that another commit pins it */
  async function fetch(
    repository: Repository,
    url: RepoUrl,
    commit: CommitSha,
    what: Pick<Parameters<typeof fetchIntoMirror>[0], 'tag' | 'pinned'>,
  ): Promise<Mirror> {
    const mirror = mirrorOf(folder, url, repository.app, what.pinned ? 'none' : 'whole')
    if (await isFetched(mirror, commit)) return mirror
    await alone(mirror, async () => {
      if (await isFetched(mirror, commit)) return
      await reach(repository, url, (remote) =>
        fetchIntoMirror({ mirror, remote, commit, ...what, timeout: limits.fetchTimeout }),
      )
    })
    return mirror
  }

  /** The object of an annotated tag, where another tag has brought the commit. */
  async function fetchTag(
    repository: Repository,
    url: RepoUrl,
    tag: { readonly name: TagName; readonly refSha: string },
  ): Promise<void> {
    const mirror = mirrorOf(folder, url, repository.app)
    await alone(mirror, () =>
      reach(repository, url, (remote) =>
        fetchTagObject({ mirror, remote, ...tag, timeout: limits.fetchTimeout }),
      ),
    )
  }

  return {
    ...keyInspector(accessFolder),
    listAllTags,
    listTags: async (repository) => (await listAllTags(repository)).tags,
    async lookAtTags(repository, known) {
      const { print, list } = await look(repository, known)
      return { print, tags: list?.tags ?? null }
    },

    async fetchCommit(repository, commit, tag) {
      if (repository.url === null) return requireCommit(local(repository), commit)
      await fetch(repository, repository.url, commit, { tag })
    },

    readFile: (repository, commit, path) =>
      renewing(repository, () => readTextFile(local(repository), commit, path, limits.fileBytes)),

    async archive(repository, commit, context, signal) {
      await ready
      const { archiveBytes: limit, archiveTimeout: timeout } = limits
      return renewing(repository, async () => {
        const parts = await contextParts({
          root: local(repository),
          commit,
          context,
          url: repository.url,
          fetch: (url, pinned) => fetch(repository, url, pinned, { tag: null, pinned: true }),
          reach: (url, use) => reach(repository, url, use),
          spoolFolder,
          timeout,
        })
        return archiveCommit({ parts, spoolFolder, limit, timeout, signal })
      })
    },

    async verifySignature(app, { tag, commit, verify }) {
      await ready
      const repository: Repository = { app: app.name, url: app.repoUrl }
      if (tag && app.repoUrl !== null) await fetchTag(repository, app.repoUrl, tag)
      const signers = (await options.signersOf?.(app.name)) ?? []
      const request = { repository: local(repository), tag, commit, verify, signers, folder: accessFolder }
      return renewing(repository, () => verifySignatures(request))
    },

    changedPaths: (repository, commits, paths) =>
      renewing(repository, () => changedPaths(local(repository), commits, paths)),

    async readTags(repository, tags) {
      const { url } = repository
      if (url === null) return readLocalTags(local(repository), tags)
      return reach(repository, url, (remote) => readRemoteTags(remote, folder, tags, limits.fetchTimeout))
    },

    discard: (context) => rm(context.path, { force: true }),
    describeCommit: (repository, commit) => describe(local(repository), commit),
    compare: (repository, base, head) => compareCommits(local(repository), base, head),
    async forget(repository) {
      const { app, url } = repository
      if (url === null) {
        await inTurn(app, () => setAside(localRepository(folder, app), join(folder, 'removed')))
      }
      // Also where its repository is hosted: its submodules are not.
      await forgetMirrors(folder, app)
    },
  }

  /** A mirror that turns out to be damaged is given up; the next `fetchCommit` makes it anew. */
  async function renewing<T>(repository: Repository, read: () => Promise<T>): Promise<T> {
    try {
      return await read()
    } catch (error) {
      if (repository.url !== null && isDamage(error)) {
        options.log.warn({ app: repository.app, err: error }, 'the mirror is damaged and will be made anew')
        const mirror = local(repository)
        await inTurn(mirror.gitDir, () => removeRepository(mirror))
      }
      throw error
    }
  }
}

async function prepareFolders(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    await mkdir(folder, { recursive: true, mode: 0o700 })
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
