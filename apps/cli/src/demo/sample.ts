import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCommand } from '@tagship/kit'
import { CliError } from '../errors.ts'

const example = fileURLToPath(new URL('../../../../examples/node-web', import.meta.url))

/** The repository of the demo: the sample web app, with a tag for each of its versions. */
export interface Sample {
  /** Writes the version (and other files), commits and tags. */
  tag(version: string, files?: Readonly<Record<string, string>>): Promise<void>
  /** Pushes branch and tag; `onLine` is called with what the pusher sees, as it comes. */
  push(version: string, onLine: (line: string) => void): Promise<void>
}

export async function createSample(folder: string, remote: { url: string; token: string }): Promise<Sample> {
  await mkdir(folder, { recursive: true })
  await cp(example, folder, { recursive: true })
  // A short bake, for people who watch; in earnest a minute is better.
  await writeFile(join(folder, 'tagship.yaml'), demoManifest)
  const git = (...args: string[]) => runGit(folder, remote.token, args)
  await git('init', '--quiet', '--initial-branch=main')
  return {
    async tag(version, files = {}) {
      for (const [name, text] of Object.entries({ ...files, VERSION: `${version}\n` })) {
        await writeFile(join(folder, name), text)
      }
      await git('add', '--all')
      await git('commit', '--quiet', '--message', `Release ${version}`)
      await git('tag', `v${version}`)
    },
    async push(version, onLine) {
      await runGit(folder, remote.token, ['push', remote.url, 'main', `v${version}`], onLine)
    },
  }
}

/** What makes version 1.2.0 fail: it ends at once, as a release with a missing setting would. */
export const brokenServer = `process.stderr.write('cannot reach the payment service: PAYMENT_URL is not set\\n')
process.exit(1)
`

const demoManifest = `processes:
  web:
    port: 8080
    drain: 15s
    health: { path: /healthz, deadline: 15s }
    resources: { memory: 256m, cpu: 1 }
rollout: { bake: 3s }
`

/** The token goes by the environment: whatever is on a command line, every user of the machine can read. */
async function runGit(
  cwd: string,
  token: string,
  args: readonly string[],
  onLine?: (line: string) => void,
): Promise<void> {
  const env = {
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: 'Tagship demo',
    GIT_AUTHOR_EMAIL: 'demo@example.com',
    GIT_COMMITTER_NAME: 'Tagship demo',
    GIT_COMMITTER_EMAIL: 'demo@example.com',
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'http.extraHeader',
    GIT_CONFIG_VALUE_0: `Authorization: Basic ${Buffer.from(`demo:${token}`).toString('base64')}`,
  }
  const result = await runCommand('git', args, {
    cwd,
    env,
    timeout: 120_000,
    ...(onLine ? { onErrorLine: onLine } : {}),
  })
  if (result.exitCode === 0) return
  throw new CliError({
    code: 'git.failed',
    detail: `git ${args[0]} failed: ${result.startError ?? result.stderr.trim()}`,
    mend: 'Is git installed? tagship doctor checks the machine.',
    exitCode: 1,
  })
}
