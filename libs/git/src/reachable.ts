/**
 * Whether a commit belongs to a repository. Servers hand out any object that they store by its SHA, and a forge
 * stores those of all forks together: only what a branch or a tag leads to was put there by who may.
 */
import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type CommitSha, TagshipError } from '@tagship/domain'
import type { Remote } from './access/remote.ts'
import { initialise } from './create-repository.ts'
import { remoteError } from './git-error.ts'
import { type LocalRepository, localOptions } from './local.ts'
import { runGit } from './run-git.ts'
import { scratchName } from './scratch.ts'

const refLine = /^([0-9a-f]{40})\t(refs\/(?:heads|tags)\/.+)$/gm

/** One round with the server where a branch or tag points right at it. @throws tag.notFound, git.* */
export async function requireReachable(
  mirror: LocalRepository,
  remote: Remote,
  commit: CommitSha,
  timeout: number,
): Promise<void> {
  const cwd = dirname(mirror.gitDir)
  const refs = await listRefs(cwd, remote, timeout)
  for (const [, sha] of refs.matchAll(refLine)) if (sha === commit) return
  if (await isInHistory(cwd, remote, commit, timeout)) return
  throw new TagshipError(
    'tag.notFound',
    `no branch and no tag of ${remote.address} leads to commit ${commit}`,
  )
}

/**
 * git asks nobody for a commit that is in the mirror already: whoever may not read the repository must not have it
 * from there. @throws git.*
 */
export async function requireAccess(mirror: LocalRepository, remote: Remote, timeout: number): Promise<void> {
  await listRefs(dirname(mirror.gitDir), remote, timeout, ['HEAD'])
}

/**
 * Whether the server can leave files out of what it sends. Asked of one that cannot, git would look for what is
 * missing without an end. `cwd` is a folder that is not inside a repository.
 */
export async function offersFilter(cwd: string, { address, env }: Remote, timeout: number): Promise<boolean> {
  const traced = { ...env, GIT_CEILING_DIRECTORIES: cwd, GIT_TRACE_PACKET: '1' }
  const { stderr } = await runGit(['ls-remote', '--', address, 'HEAD'], { env: traced, cwd, timeout })
  return /packet: .*< fetch=.*\bfilter\b/.test(stderr)
}

async function listRefs(
  cwd: string,
  remote: Remote,
  timeout: number,
  patterns: readonly string[] = [],
): Promise<string> {
  const env = { ...remote.env, GIT_CEILING_DIRECTORIES: cwd }
  const args = ['ls-remote', '--quiet', '--', remote.address, ...patterns]
  const listed = await runGit(args, { env, cwd, timeout })
  if (listed.exitCode !== 0) throw remoteError(listed, remote.address)
  return listed.stdout
}

/** Fetches commits without their files, where the server can do that, and looks. */
async function isInHistory(
  folder: string,
  remote: Remote,
  commit: CommitSha,
  timeout: number,
): Promise<boolean> {
  const gitDir = join(folder, scratchName())
  const history = { gitDir, place: 'a copy of the history' }
  await mkdir(gitDir, { recursive: true })
  try {
    await initialise(history)
    const filter = (await offersFilter(folder, remote, timeout)) ? ['--filter=tree:0'] : []
    const args = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', ...filter, 'origin']
    const refspecs = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*']
    const origin = ['-c', `remote.origin.url=${remote.address}`]
    const fetched = await runGit([`--git-dir=${gitDir}`, ...origin, ...args, ...refspecs], {
      env: remote.env,
      timeout,
    })
    if (fetched.exitCode !== 0) throw remoteError(fetched, remote.address)
    const leading = ['for-each-ref', '--count=1', '--contains', commit, '--format=%(refname)']
    const found = await runGit([`--git-dir=${gitDir}`, ...leading], localOptions())
    return found.exitCode === 0 && found.stdout !== ''
  } finally {
    await rm(gitDir, { recursive: true, force: true })
  }
}
