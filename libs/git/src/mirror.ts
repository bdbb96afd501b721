/**
 * Mirrors: what was fetched of remote repositories. All apps on one repository share one mirror, so that nothing is
 * fetched twice; but each has marks of its own in it, set by a fetch with the app's own credential. What an app
 * has no mark for is not there for it, whoever else fetched it.
 */
import { createHash } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { AppName, CommitSha, RepoUrl } from '@tagship/domain'
import { remoteOf } from './access/remote.ts'
import { removeRepository } from './create-repository.ts'
import { type LocalRepository, localOptions } from './local.ts'
import { runGit } from './run-git.ts'

/** One app's view of the mirror of a remote. */
export interface Mirror extends LocalRepository {
  readonly app: AppName
}

/**
 * `folder` is absolute. The same address, with whatever credentials, is the same mirror; commits without history, as
 * of submodules, are kept apart, since their mirror does not know what leads to what.
 */
export function mirrorOf(
  folder: string,
  url: RepoUrl,
  app: AppName,
  history: 'whole' | 'none' = 'whole',
): Mirror {
  const { address } = remoteOf(url)
  const name = createHash('sha256')
    .update(history === 'whole' ? address : `${address} ${history}`)
    .digest('hex')
    .slice(0, 24)
  return { gitDir: join(folder, 'mirrors', `${name}.git`), place: `the mirror of ${address}`, app }
}

/** The name of the lock for who fetches into it, in whatever process. */
export function mirrorLock({ gitDir }: Mirror): string {
  return `mirror-${createHash('sha256').update(gitDir).digest('hex').slice(0, 32)}`
}

/** Where an app's marks are. */
export function marksOf({ app }: Pick<Mirror, 'app'>): string {
  return `refs/tagship/apps/${app}`
}

/** Set once every object that belongs to the commit has arrived. */
export function markOf(mirror: Mirror, commit: CommitSha): string {
  return `${marksOf(mirror)}/commits/${commit}`
}

/** Where a commit is while its files may still be on their way. */
export function arrivalOf(mirror: Mirror, commit: CommitSha): string {
  return `${marksOf(mirror)}/arriving/${commit}`
}

/** Set by git once the tag object has arrived. */
export function tagMarkOf(mirror: Mirror, refSha: string): string {
  return `${marksOf(mirror)}/tags/${refSha}`
}

/** Takes the app's marks out of every mirror; a mirror that nobody has a mark in goes. */
export async function forgetMirrors(folder: string, app: AppName): Promise<void> {
  const mirrors = join(folder, 'mirrors')
  const names = (await readdir(mirrors).catch(() => [])).filter(
    (name) => name.endsWith('.git') && !name.startsWith('.'),
  )
  for (const name of names) {
    const gitDir = join(mirrors, name)
    await removeMarks(gitDir, app)
    if (!(await hasMarks(gitDir))) await removeRepository({ gitDir, place: 'a mirror' })
  }
}

/** The files themselves: a mirror that is damaged has to be forgotten as well, and nothing packs these refs. */
async function removeMarks(gitDir: string, app: AppName): Promise<void> {
  await rm(join(gitDir, marksOf({ app })), { recursive: true, force: true })
}

async function hasMarks(gitDir: string): Promise<boolean> {
  const args = [`--git-dir=${gitDir}`, 'for-each-ref', '--count=1', 'refs/tagship/apps']
  const { exitCode, stdout } = await runGit(args, localOptions())
  return exitCode === 0 && stdout !== ''
}
