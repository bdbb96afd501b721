/** What the engine asks of repositories. */
import type { AppName, CommitSha, ObservedTag, RepoUrl, TagName } from '@tagship/domain'

/** An app's repository: remote, or (`url: null`) hosted by Tagship itself. */
export interface Repository {
  readonly app: AppName
  readonly url: RepoUrl | null
}

/** A build context on disk: the tar that `git archive` made of one commit. */
export interface SpooledContext {
  readonly path: string
  readonly sha256: string
  readonly bytes: number
}

export interface Source {
  /** Every tag with its peeled commit; tags on blobs and trees are left out. No clone. @throws git.* */
  listTags(repository: Repository): Promise<ObservedTag[]>
  /**
   * Brings the commit into the app's mirror. A no-op where it is there.
   * @throws git.*, tag.moved, tag.notFound, tag.notACommit
   */
  fetchCommit(repository: Repository, commit: CommitSha, tag: TagName | null): Promise<void>
  /** A text file at the commit, or null where there is none. @throws git.*, git.tooLarge */
  readFile(repository: Repository, commit: CommitSha, path: string): Promise<string | null>
  /**
   * Spools the folder `context` of the commit as a tar; the same commit and folder give the same bytes.
   * The caller removes it with `discard`.
   * @throws git.*, git.tooLarge, manifest.invalid where the commit has no such folder
   */
  archive(
    repository: Repository,
    commit: CommitSha,
    context: string,
    signal: AbortSignal,
  ): Promise<SpooledContext>
  discard(context: SpooledContext): Promise<void>
  /** The app is gone: a mirror is removed; a hosted repository, which may be the only one, is set aside. */
  forget(repository: Repository): Promise<void>
}
