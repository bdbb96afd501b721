/** The submodules of a commit: which commit of which repository belongs where. */
import { posix } from 'node:path'
import {
  type CommitSha,
  parseCommitSha,
  parseRepoUrl,
  quote,
  type RepoUrl,
  TagshipError,
} from '@tagship/domain'
import { inRepository, type LocalRepository } from '../local.ts'
import { readTextFile } from '../read-commit.ts'

export interface Submodule {
  /** In the repository that it belongs to. */
  readonly path: string
  readonly commit: CommitSha
  readonly url: RepoUrl
}

const gitmodulesBytes = 256 * 1024

/**
 * Those below `folder`. A gitlink without a .gitmodules is an empty folder, as in any clone.
 * @param parent the repository's own URL; null: Tagship hosts it
 * @throws git.submodule, git.failed
 */
export async function submodulesOf(
  repository: LocalRepository,
  commit: CommitSha,
  folder: string,
  parent: RepoUrl | null,
): Promise<Submodule[]> {
  if ((await readTextFile(repository, commit, '.gitmodules', gitmodulesBytes)) === null) return []
  const links = await gitlinks(repository, commit, folder)
  if (links.length === 0) return []
  const urls = await configuredUrls(repository, commit)
  return links.map(({ path, commit: pinned }) => {
    const url = urls.get(path)
    if (url === undefined) throw refusal(path, '.gitmodules names no URL for it')
    return { path, commit: pinned, url: resolveUrl(path, url, parent) }
  })
}

async function gitlinks(repository: LocalRepository, commit: CommitSha, folder: string) {
  const below = folder === '.' ? [] : [`${folder}/`]
  const output = await inRepository(repository, [
    'ls-tree',
    '-r',
    '-z',
    '--full-tree',
    commit,
    '--',
    ...below,
  ])
  return output.split('\0').flatMap((line) => {
    const [, sha, path] = /^160000 commit ([0-9a-f]{40})\t([\s\S]+)$/.exec(line) ?? []
    return sha && path ? [{ path, commit: parseCommitSha(sha) }] : []
  })
}

/** By path, as git itself reads the file. */
async function configuredUrls(repository: LocalRepository, commit: CommitSha): Promise<Map<string, string>> {
  const pattern = String.raw`^submodule\..*\.(path|url)$`
  const args = ['config', '--null', `--blob=${commit}:.gitmodules`, '--get-regexp', pattern]
  const output = await inRepository(repository, args)
  const paths = new Map<string, string>()
  const urls = new Map<string, string>()
  for (const item of output.split('\0')) {
    const [, name, key, value] = /^submodule\.([\s\S]*)\.(path|url)\n([\s\S]*)$/.exec(item) ?? []
    if (name !== undefined && value !== undefined) (key === 'path' ? paths : urls).set(name, value)
  }
  return new Map(
    [...paths].flatMap(([name, path]) => {
      const url = urls.get(name)
      return url === undefined ? [] : [[posix.normalize(path).replace(/\/$/, ''), url] as const]
    }),
  )
}

/** What a repository of this protocol may lead to: never from the network to this machine's files. */
const reachable: Readonly<Record<string, readonly string[]>> = {
  'https:': ['https:', 'ssh:'],
  'ssh:': ['https:', 'ssh:'],
  'http:': ['https:', 'ssh:', 'http:'],
  'file:': ['https:', 'ssh:', 'http:', 'file:'],
}

function resolveUrl(path: string, url: string, parent: RepoUrl | null): RepoUrl {
  const absolute = /^\.\.?\//.test(url) ? relativeTo(path, url, parent) : url
  const parsed = parseOrNull(absolute)
  if (!parsed) throw refusal(path, `${quote(url)} is not a repository URL that Tagship can use`)
  if (reachable[protocolOf(parent ?? parsed)]?.includes(protocolOf(parsed)) && !isOwnFile(parent, parsed)) {
    return parsed
  }
  throw refusal(path, `its URL ${quote(url)} leads where this repository may not`)
}

function isOwnFile(parent: RepoUrl | null, url: RepoUrl): boolean {
  return parent === null && protocolOf(url) === 'file:'
}

/** `../lib.git` beside `https://host/team/shop.git` is `https://host/team/lib.git` (gitmodules(5)). */
function relativeTo(path: string, url: string, parent: RepoUrl | null): string {
  if (parent === null)
    throw refusal(path, 'a repository that Tagship hosts has none beside it: give a whole URL')
  const base = URL.parse(parent)
  if (base) {
    base.pathname = posix.join(base.pathname, url)
    return base.href
  }
  const colon = parent.indexOf(':')
  return `${parent.slice(0, colon)}:${posix.join(parent.slice(colon + 1), url)}`
}

/** `git@host:path` is ssh. */
function protocolOf(url: RepoUrl): string {
  return URL.parse(url)?.protocol ?? 'ssh:'
}

/** Whom a credential is shown to. */
export function hostOf(url: RepoUrl): string {
  return URL.parse(url)?.host ?? url.slice(url.indexOf('@') + 1, url.indexOf(':'))
}

function parseOrNull(url: string): RepoUrl | null {
  try {
    return parseRepoUrl(url)
  } catch {
    return null
  }
}

function refusal(path: string, why: string): TagshipError {
  return new TagshipError('git.submodule', `the submodule ${quote(path)}: ${why}`)
}
