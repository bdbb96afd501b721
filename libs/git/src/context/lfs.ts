/** Git LFS: a file's content is kept apart, and the commit has a pointer to it (git-lfs/docs/spec.md). */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { quote, TagshipError } from '@tagship/domain'
import type { Remote } from '../access/remote.ts'
import { localOptions } from '../local.ts'
import { runGit, streamGit } from '../run-git.ts'
import { scratchName } from '../scratch.ts'

/** Where the contents of one repository's pointers come from. */
export interface LfsStore {
  /** Null where `data` is no pointer. @throws git.lfs, git.tooLarge */
  contentOf(
    data: Buffer,
    name: string,
    limit: number,
  ): Promise<{ readonly size: number; readonly content: AsyncIterable<Buffer> } | null>
}

export interface LfsOptions {
  readonly gitDir: string
  readonly spoolFolder: string
  /** Gives a remote for the time of the work; null: Tagship hosts the repository itself, and keeps no LFS store. */
  readonly withRemote: (<T>(use: (remote: Remote) => Promise<T>) => Promise<T>) | null
  /** Milliseconds. */
  readonly timeout: number
}

const pointer =
  /^version https:\/\/git-lfs\.github\.com\/spec\/v1\n(?:ext-\d-.*\n)*oid sha256:([0-9a-f]{64})\nsize (\d{1,15})\n?$/

export function lfsStore({ gitDir, spoolFolder, withRemote, timeout }: LfsOptions): LfsStore {
  return {
    async contentOf(data, name, limit) {
      const [text, oid = '', bytes] = pointer.exec(data.toString('latin1')) ?? []
      if (text === undefined) return null
      const size = Number(bytes)
      if (size > limit) {
        throw new TagshipError(
          'git.tooLarge',
          `${quote(name)} has ${size} bytes in Git LFS, ${limit} are allowed`,
        )
      }
      if (withRemote === null) {
        throw missing(name, 'repositories that Tagship hosts keep no LFS objects: commit the file itself')
      }
      if (!(await isInstalled())) throw missing(name, 'git-lfs is not installed where the controller runs')
      const path = join(spoolFolder, `${scratchName()}.lfs`)
      const wanted = { gitDir, path, name, oid, size, text, timeout }
      try {
        await withRemote((remote) => download(wanted, remote))
      } catch (error) {
        await rm(path, { force: true })
        throw error
      }
      return { size, content: readOnce(path) }
    },
  }
}

interface Wanted {
  readonly gitDir: string
  readonly path: string
  readonly name: string
  readonly oid: string
  readonly size: number
  /** The pointer itself. */
  readonly text: string
  readonly timeout: number
}

/** `git lfs smudge` turns a pointer into what it points at. */
async function download({ gitDir, path, name, oid, size, text, timeout }: Wanted, remote: Remote) {
  const settings = ['-c', `remote.origin.url=${remote.address}`, '-c', 'lfs.allowincompletepush=false']
  const git = streamGit([`--git-dir=${gitDir}`, ...settings, 'lfs', 'smudge', '--', name], {
    env: remote.env,
    timeout,
    input: text,
    cwd: gitDir,
  })
  const hash = createHash('sha256')
  let bytes = 0
  async function* measure(source: AsyncIterable<Buffer>) {
    for await (const chunk of source) {
      bytes += chunk.length
      if (bytes > size) throw missing(name, 'its LFS store gives more than the pointer says')
      hash.update(chunk)
      yield chunk
    }
  }
  try {
    await pipeline(git.stdout, measure, createWriteStream(path, { mode: 0o600 }))
  } finally {
    git.stop()
  }
  const { exitCode, stderr } = await git.ended
  const isWhole = bytes === size && hash.digest('hex') === oid
  if (exitCode === 0 && isWhole) return
  const why = stderr.split('\n').find((line) => line.trim() !== '') ?? 'its LFS store gives something else'
  throw missing(name, why.replace(/:\/\/[^/\s@]+@/g, '://').slice(0, 300))
}

async function* readOnce(path: string): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(path)
  } finally {
    await rm(path, { force: true })
  }
}

function missing(name: string, why: string): TagshipError {
  return new TagshipError('git.lfs', `${quote(name)} is a Git LFS pointer: ${why}`)
}

async function isInstalled(): Promise<boolean> {
  return (await runGit(['lfs', 'version'], localOptions())).exitCode === 0
}
