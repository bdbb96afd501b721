/** A repository as one file, and back. */
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createRepository, exportMarker, removeRepository } from './create-repository.ts'
import { gitError } from './git-error.ts'
import { inRepository, type LocalRepository, localOptions } from './local.ts'
import { streamGit } from './run-git.ts'

/** Reading or writing a whole repository may take this long. */
const timeout = 60 * 60_000

/** A repository that Tagship hosts, or (`removed/…`) has hosted. */
export interface HostedRepository {
  /** Its folder under that of all repositories, without `.git`. */
  readonly name: string
}

/** Every hosted repository, also of apps that were removed; mirrors of others are not among them. */
export async function listHosted(folder: string): Promise<HostedRepository[]> {
  const names = await Promise.all(['', 'removed'].map((below) => namesIn(resolve(folder), below)))
  return names.flat().map((name) => ({ name }))
}

async function namesIn(folder: string, below: string): Promise<string[]> {
  const entries = await readdir(join(folder, below)).catch(() => [])
  return entries
    .filter((name) => !name.startsWith('.') && name.endsWith('.git'))
    .filter((name) => existsSync(join(folder, below, name, exportMarker)))
    .map((name) => join(below, name.slice(0, -'.git'.length)))
    .sort()
}

/**
 * A bundle (gitformat-bundle(5), version 2) that `git clone` reads: every ref as it is now, and the commits
 * that are named besides, whether a ref leads to them or not. Nothing where the repository is empty.
 * @throws git.failed, also where a commit is missing
 */
export async function* bundleRepository(
  folder: string,
  { name }: HostedRepository,
  commits: readonly string[],
): AsyncGenerator<string | Uint8Array> {
  const repository = repositoryAt(folder, name)
  const refs = await inRepository(repository, ['for-each-ref', '--format=%(objectname) %(refname)'])
  const wanted = new Set([...refs.split('\n').flatMap((line) => line.split(' ')[0] || []), ...commits])
  if (wanted.size === 0) return
  yield `# v2 git bundle\n${refs}\n`
  const args = ['pack-objects', '--revs', '--stdout', '--quiet', '--delta-base-offset']
  const input = [...wanted].map((sha) => `${sha}\n`).join('')
  const git = streamGit([`--git-dir=${repository.gitDir}`, ...args], localOptions({ timeout, input }))
  let ended = false
  try {
    for await (const chunk of git.stdout) yield chunk
    ended = true
  } finally {
    if (!ended) git.stop()
  }
  const result = await git.ended
  if (result.exitCode !== 0) throw gitError(result, repository.place)
}

/**
 * The repository as it was, from its bundle; without one, an empty one. What is there is replaced.
 * @throws git.failed
 */
export async function restoreRepository(
  folder: string,
  { name }: HostedRepository,
  bundle: string | null,
): Promise<void> {
  const repository = repositoryAt(folder, name)
  await removeRepository(repository)
  await createRepository(repository, true)
  if (bundle === null) return
  const refs = await inRepository(repository, ['bundle', 'unbundle', bundle], { timeout })
  const commands = refs
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => `create ${line.slice(line.indexOf(' ') + 1)} ${line.slice(0, line.indexOf(' '))}\n`)
  await inRepository(repository, ['update-ref', '--stdin'], { input: commands.join('') })
}

function repositoryAt(folder: string, name: string): LocalRepository {
  return { gitDir: join(resolve(folder), `${name}.git`), place: `the repository of ${name}` }
}
