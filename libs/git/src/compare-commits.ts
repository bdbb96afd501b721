/** What lies between two commits on our disk. */
import type { CommitSha } from '@tagship/domain'
import type { CommitFacts } from '@tagship/engine'
import { inRepository, type LocalRepository, localOptions, peelAll } from './local.ts'
import { runGit } from './run-git.ts'

interface ListedCommit extends CommitFacts {
  readonly sha: string
}

export interface CommitList {
  /** Newest first, as many as are shown. */
  readonly items: readonly ListedCommit[]
  readonly total: number
}

interface ChangedFile {
  readonly path: string
  readonly change: 'added' | 'removed' | 'changed'
  /** Lines; null for a binary file, and where the content is not on our disk. */
  readonly insertions: number | null
  readonly deletions: number | null
}

export interface Comparison {
  /** In `head` and not in `base`. */
  readonly added: CommitList
  /** In `base` and not in `head`. */
  readonly undone: CommitList
  readonly files: { readonly items: readonly ChangedFile[]; readonly total: number }
}

const commitsShown = 100
const filesShown = 300
/** Characters: a change of more files than this holds is told by their number only. */
const longestList = 8_000_000
const patienceMs = 20_000

/** Null where one of the two is not there. @throws git.failed */
export async function compareCommits(
  repository: LocalRepository,
  base: CommitSha,
  head: CommitSha,
): Promise<Comparison | null> {
  const found = await peelAll(repository, [base, head])
  if (found.some((object) => object?.type !== 'commit')) return null
  const [added, undone, files] = await Promise.all([
    listCommits(repository, base, head),
    listCommits(repository, head, base),
    listFiles(repository, base, head),
  ])
  return { added, undone, files }
}

/** What leads to `to` and not to `from`. */
async function listCommits(repository: LocalRepository, from: CommitSha, to: CommitSha): Promise<CommitList> {
  if (from === to) return { items: [], total: 0 }
  const range = `${from}..${to}`
  const options = { timeout: patienceMs }
  const format = '--format=%H%x00%cI%x00%an%x00%s%x00'
  const log = [
    'log',
    `--max-count=${commitsShown}`,
    '--no-show-signature',
    '--encoding=UTF-8',
    format,
    range,
    '--',
  ]
  const [count, text] = await Promise.all([
    inRepository(repository, ['rev-list', '--count', range, '--'], options),
    inRepository(repository, log, options),
  ])
  const fields = text.split('\0')
  const items: ListedCommit[] = []
  for (let at = 0; at + 3 < fields.length; at += 4) {
    const [sha = '', committedAt = '', author = '', subject = ''] = fields.slice(at, at + 4)
    items.push({ sha: sha.trim(), committedAt: new Date(committedAt), author, subject })
  }
  return { items, total: Number(count) }
}

async function listFiles(repository: LocalRepository, base: CommitSha, head: CommitSha) {
  const args = ['diff-tree', '-r', '-z', '--no-renames', '--raw', base, head]
  const result = await runDiff(repository, args)
  const files = parseRaw(result.stdout)
  const shown = files.slice(0, filesShown)
  const lines =
    shown.length === 0 ? new Map<string, Lines>() : await countLines(repository, base, head, shown)
  const items = shown.map((file) => ({ ...file, ...(lines.get(file.path) ?? unknownLines) }))
  return { items, total: files.length }
}

interface Lines {
  readonly insertions: number | null
  readonly deletions: number | null
}
const unknownLines: Lines = { insertions: null, deletions: null }

/** Nothing where the content of the files is not on our disk: it is not fetched for this. */
async function countLines(
  repository: LocalRepository,
  base: CommitSha,
  head: CommitSha,
  files: readonly { readonly path: string }[],
): Promise<Map<string, Lines>> {
  const paths = files.map(({ path }) => path)
  const args = ['diff-tree', '-r', '-z', '--no-renames', '--numstat', base, head, '--', ...paths]
  const result = await runDiff(repository, ['--literal-pathspecs', ...args])
  if (result.exitCode !== 0) return new Map()
  const records = result.stdout.split('\0').map((record) => /^(\d+|-)\t(\d+|-)\t(.*)$/s.exec(record))
  return new Map(
    records.flatMap((record) => {
      const [, insertions = '', deletions = '', path = ''] = record ?? []
      return record
        ? [[path, { insertions: numberOrNull(insertions), deletions: numberOrNull(deletions) }]]
        : []
    }),
  )
}

function runDiff(repository: LocalRepository, args: readonly string[]) {
  return runGit(
    [`--git-dir=${repository.gitDir}`, ...args],
    localOptions({ timeout: patienceMs, maxOutput: longestList }),
  )
}

const changeOf = { A: 'added', D: 'removed' } as const

/** `:100644 100644 SHA SHA M\0path\0`, again and again; the last one may be cut off. */
function parseRaw(text: string): { path: string; change: ChangedFile['change'] }[] {
  const fields = text.split('\0')
  const files: { path: string; change: ChangedFile['change'] }[] = []
  for (let at = 0; at + 2 < fields.length; at += 2) {
    const status = fields[at]?.split(' ')[4]
    const path = fields[at + 1]
    if (status && path) files.push({ path, change: changeOf[status as keyof typeof changeOf] ?? 'changed' })
  }
  return files
}

function numberOrNull(text: string): number | null {
  return text === '-' ? null : Number(text)
}
