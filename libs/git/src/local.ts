/** Calls on the repositories of our own: `<folder>/<app>.git`, mirrors and hosted ones alike. */
import { join } from 'node:path'
import type { AppName } from '@tagship/domain'
import { type GitConfig, localEnvironment } from './environment.ts'
import { gitError } from './git-error.ts'
import { type GitOptions, runGit } from './run-git.ts'

/** One repository on our disk. */
export interface LocalRepository {
  /** Absolute. */
  readonly gitDir: string
  /** How errors call it. */
  readonly place: string
}

export interface LocalOptions extends Partial<Omit<GitOptions, 'env'>> {
  readonly config?: GitConfig
}

/** Milliseconds that looking something up on our own disk may take. */
const lookUpTimeout = 60_000

/** `folder` is absolute. */
export function localRepository(folder: string, app: AppName): LocalRepository {
  return { gitDir: join(folder, `${app}.git`), place: `the repository of ${app}` }
}

/** What git would run with, for those that start it themselves. */
export function localOptions({ config, ...options }: LocalOptions = {}): GitOptions {
  return { timeout: lookUpTimeout, ...options, env: localEnvironment(config) }
}

/** @returns standard output. @throws git.failed where git does not exit with 0 */
export async function inRepository(
  repository: LocalRepository,
  args: readonly string[],
  options?: LocalOptions,
): Promise<string> {
  const result = await runGit([`--git-dir=${repository.gitDir}`, ...args], localOptions(options))
  if (result.exitCode !== 0) throw gitError(result, repository.place)
  return result.stdout
}

/** What a name leads to in the end, past any number of tags; null where there is nothing of this name. */
export async function peel(
  repository: LocalRepository,
  name: string,
): Promise<{ readonly sha: string; readonly type: string } | null> {
  const [answer] = await peelAll(repository, [name])
  return answer ?? null
}

/** As `peel`, for many names in one call. */
export async function peelAll(
  repository: LocalRepository,
  names: readonly string[],
): Promise<({ readonly sha: string; readonly type: string } | null)[]> {
  const output = await inRepository(repository, ['cat-file', '--batch-check=%(objectname) %(objecttype)'], {
    input: names.map((name) => `${name}^{}\n`).join(''),
  })
  const lines = output.split('\n').slice(0, names.length)
  return lines.map((line) => {
    const [sha = '', type = ''] = line.split(' ')
    return /^[0-9a-f]+$/.test(sha) && type !== 'missing' ? { sha, type } : null
  })
}
