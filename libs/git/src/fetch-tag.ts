/** The object of an annotated tag, which a fetch of its commit by another name leaves out. */
import { quote, type TagName, TagshipError } from '@tagship/domain'
import type { Remote } from './access/remote.ts'
import { fetchRefs } from './fetch-commit.ts'
import { remoteError } from './git-error.ts'
import { localOptions } from './local.ts'
import { type Mirror, tagMarkOf } from './mirror.ts'
import { runGit } from './run-git.ts'

export interface TagRequest {
  readonly mirror: Mirror
  readonly remote: Remote
  readonly name: TagName
  /** What the tag was seen to point at. */
  readonly refSha: string
  /** Milliseconds. */
  readonly timeout: number
}

/** A no-op where the app has it. @throws git.*, tag.notFound, tag.moved where it is another object by now */
export async function fetchTagObject(request: TagRequest): Promise<void> {
  const { mirror, remote, name, refSha } = request
  if (await hasTag(request)) return
  const result = await fetchRefs(request, [`+refs/tags/${name}:${tagMarkOf(mirror, refSha)}`], 'whole')
  if (/couldn't find remote ref/.test(result.stderr)) {
    throw new TagshipError('tag.notFound', `${quote(name)} is gone from ${remote.address}`)
  }
  if (result.exitCode !== 0) throw remoteError(result, remote.address)
  if (await hasTag(request)) return
  throw new TagshipError('tag.moved', `${quote(name)} of ${remote.address} is another object by now`)
}

async function hasTag({ mirror, refSha }: TagRequest): Promise<boolean> {
  const args = ['rev-parse', '--verify', '--quiet', tagMarkOf(mirror, refSha)]
  const { exitCode, stdout } = await runGit([`--git-dir=${mirror.gitDir}`, ...args], localOptions())
  return exitCode === 0 && stdout.trim() === refSha
}
