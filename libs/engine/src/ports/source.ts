/** What the engine asks of repositories. */
import type { AppName, CommitSha, ObservedTag, RepoUrl, Tag, TagName, Verification } from '@tagship/domain'
import type { AppRecord, TagFacts } from './records.ts'

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

export interface SignatureCheck {
  readonly outcome: 'passed' | 'unsigned' | 'wrong signature'
  /** For a person: who has signed, or what is wrong. */
  readonly why: string
}

/** What a commit says of itself. */
export interface CommitFacts {
  /** The first line of its message. */
  readonly subject: string
  readonly author: string
  readonly committedAt: Date
}

/** One look at a repository's tags. */
export interface TagSight {
  /** Stands for all that was shown: shown again, nothing has changed. */
  readonly print: string
  /** Null: nothing has changed since the print that was given. */
  readonly tags: ObservedTag[] | null
}

export interface Source {
  /** Every tag with its peeled commit; tags on blobs and trees are left out. No clone. @throws git.* */
  listTags(repository: Repository): Promise<ObservedTag[]>
  /** As `listTags`, for who has looked before, and kept the print. @throws git.* */
  lookAtTags(repository: Repository, known: string | null): Promise<TagSight>
  /**
   * Brings the commit into the app's mirror. A no-op where it is there.
   * @throws git.*, tag.moved, tag.notFound, tag.notACommit
   */
  fetchCommit(repository: Repository, commit: CommitSha, tag: TagName | null): Promise<void>
  /** Of a commit that has been fetched. @throws git.failed */
  describeCommit(repository: Repository, commit: CommitSha): Promise<CommitFacts>
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
  /**
   * Files that differ between two commits that were fetched, under the given paths and globs; a few of them, at most.
   * @throws git.*
   */
  changedPaths(
    repository: Repository,
    commits: { readonly from: CommitSha; readonly to: CommitSha },
    paths: readonly string[],
  ): Promise<string[]>
  /**
   * Who made the tags, and when, with as little of them as the repository will send. Those that point elsewhere by
   * now are left out. @throws git.*
   */
  readTags(repository: Repository, tags: readonly Tag[]): Promise<TagFacts[]>
  /**
   * Whether tag, commit or both carry a good signature of one of the app's signers. The commit was fetched; a commit
   * that is deployed by its SHA has no tag. @throws git.*
   */
  verifySignature(
    app: Pick<AppRecord, 'name' | 'repoUrl'>,
    what: {
      readonly tag: { readonly name: TagName; readonly refSha: string } | null
      readonly commit: CommitSha
      readonly verify: Exclude<Verification, 'none'>
    },
  ): Promise<SignatureCheck>
  /** The app is gone: a mirror is removed; a hosted repository, which may be the only one, is set aside. */
  forget(repository: Repository): Promise<void>
}
