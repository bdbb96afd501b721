/** Real git repositories for tests: in temp folders, with an identity and times that never change. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

const execute = promisify(execFile)

export interface TagOptions {
  /** What to tag; the present commit unless told. */
  readonly at?: string
  /** Makes an annotated tag with this message. */
  readonly message?: string
}

export interface SampleRepository extends AsyncDisposable {
  readonly folder: string
  /** `file://` */
  readonly url: string
  /** Runs git in the repository. @returns standard output, trimmed */
  git(...args: string[]): Promise<string>
  /** Writes the files and commits everything. @returns the commit's SHA */
  commit(files?: Readonly<Record<string, string | Buffer>>, message?: string): Promise<string>
  /** @returns what the tag points at: the SHA of the commit or of the tag object */
  tag(name: string, options?: TagOptions): Promise<string>
  /** @returns what the pusher saw at the terminal */
  push(remote: string, ...refs: string[]): Promise<string>
}

/** The environment of a git that knows neither this machine's settings nor the present time. */
export function gitEnvironment(seconds = 1_700_000_000): Record<string, string> {
  const identity = { NAME: 'Ada Example', EMAIL: 'ada@example.com', DATE: `${seconds} +0000` }
  const roles = ['AUTHOR', 'COMMITTER'].flatMap((role) =>
    Object.entries(identity).map(([key, value]) => [`GIT_${role}_${key}`, value]),
  )
  return {
    PATH: process.env.PATH ?? '',
    HOME: tmpdir(),
    LC_ALL: 'C',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    ...Object.fromEntries(roles),
  }
}

/** A repository with one commit of `files`; each later commit is a minute younger. Dispose of it at the end. */
export async function sampleRepository(
  options: { readonly files?: Readonly<Record<string, string | Buffer>> } = {},
): Promise<SampleRepository> {
  const folder = await mkdtemp(join(tmpdir(), 'tagship-sample-'))
  let seconds = 1_700_000_000

  async function run(args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
    const env = gitEnvironment(seconds)
    return execute('git', [...args], { cwd: folder, env, maxBuffer: 256 * 1024 * 1024 })
  }
  const git = async (...args: string[]) => (await run(args)).stdout.trim()

  async function commit(files: Readonly<Record<string, string | Buffer>> = {}, message = 'Change it') {
    seconds += 60
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true })
      await writeFile(join(folder, name), content)
    }
    await git('add', '--all')
    await git('commit', '--quiet', '--allow-empty', '--message', message)
    return git('rev-parse', 'HEAD')
  }

  async function tag(name: string, { at = 'HEAD', message }: TagOptions = {}) {
    const annotation = message === undefined ? [] : ['--annotate', '--message', message]
    await git('tag', ...annotation, '--', name, at)
    return git('rev-parse', `refs/tags/${name}`)
  }

  await git('init', '--quiet', '--initial-branch=main')
  await commit(options.files ?? { 'README.md': 'A sample.\n' }, 'Begin')
  return {
    folder,
    url: pathToFileURL(folder).href,
    git,
    commit,
    tag,
    push: async (remote, ...refs) => (await run(['push', remote, ...refs])).stderr,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}
