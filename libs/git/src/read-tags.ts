/** Who made tags, and when: what their objects tell, which the list of a remote's tags does not. */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseTagName, type Tag } from '@tagship/domain'
import type { TagFacts } from '@tagship/engine'
import type { Remote } from './access/remote.ts'
import { initialise } from './create-repository.ts'
import { remoteError } from './git-error.ts'
import { inRepository, type LocalRepository } from './local.ts'
import { runGit } from './run-git.ts'
import { scratchName } from './scratch.ts'

/** The date of a lightweight tag is that of its commit. */
const format = '%(objectname) %(refname:lstrip=2)%00%(taggername)%00%(taggeremail:trim)%00%(creatordate:unix)'

/** Of a repository on our disk. @throws git.failed */
export async function readLocalTags(repository: LocalRepository, tags: readonly Tag[]): Promise<TagFacts[]> {
  const wanted = new Map<string, string>(tags.map(({ name, refSha }) => [name, refSha]))
  const output = await inRepository(repository, ['for-each-ref', `--format=${format}`, 'refs/tags'])
  return output.split('\n').flatMap((line) => {
    const [ref = '', name = '', email = '', seconds = ''] = line.split('\0')
    const [refSha = '', tag = ''] = ref.split(' ')
    if (wanted.get(tag) !== refSha || seconds === '') return []
    const tagger = name === '' ? null : { name, email }
    return [{ tag: parseTagName(tag), refSha, tagger, createdAt: new Date(Number(seconds) * 1_000) }]
  })
}

/**
 * Fetches the tags and the commits that they lead to, without trees, files and history, into a repository that goes
 * again at once. A server that cannot leave these out sends the files of each commit. @throws git.*
 */
export async function readRemoteTags(
  remote: Remote,
  folder: string,
  tags: readonly Tag[],
  timeout: number,
): Promise<TagFacts[]> {
  const scratch = { gitDir: join(folder, scratchName()), place: `tags of ${remote.address}` }
  await mkdir(scratch.gitDir, { recursive: true })
  try {
    await initialise(scratch)
    const origin = { url: remote.address, promisor: 'true', partialclonefilter: 'tree:0' }
    const settings = Object.entries(origin).flatMap(([key, value]) => ['-c', `remote.origin.${key}=${value}`])
    const fetch = [
      'fetch',
      '--quiet',
      '--no-tags',
      '--no-write-fetch-head',
      '--no-recurse-submodules',
      '--depth=1',
    ]
    const args = [
      `--git-dir=${scratch.gitDir}`,
      ...settings,
      ...fetch,
      '--filter=tree:0',
      '--stdin',
      'origin',
    ]
    const input = tags.map(({ name }) => `+refs/tags/${name}:refs/tags/${name}\n`).join('')
    const result = await runGit(args, { env: remote.env, timeout, input })
    if (result.exitCode !== 0) throw remoteError(result, remote.address)
    return await readLocalTags(scratch, tags)
  } finally {
    await rm(scratch.gitDir, { recursive: true, force: true })
  }
}
