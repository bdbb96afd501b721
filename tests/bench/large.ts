/** A repository of 1 GB and 100,000 tags: what a look at its tags takes, and what a deployment of one brings over. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { appendFile, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseAppName, parseCommitSha, parseRepoUrl, parseTagName } from '@tagship/domain'
import { createGitSource, createPushEndpoint, ensureHosted, type GitSource } from '@tagship/git'
import { createLogger, runCommand } from '@tagship/kit'
import { gitEnvironment } from '@tagship/tests/git'
import { createSeries, type Section } from './section.ts'

const tags = 100_000
const commits = 50
const bytesPerCommit = 20_000_000
const app = parseAppName('large')
const log = createLogger('bench', 'error')

export const large: Section = {
  title: `A repository of ${(commits * bytesPerCommit) / 1e9} GB and ${tags.toLocaleString('en')} tags, over smart HTTP`,
  async run({ repetitions, progress }) {
    const folder = await mkdtemp(join(tmpdir(), 'tagship-bench-large-'))
    try {
      progress('making the repository')
      const { path, commit } = await makeRepository(join(folder, 'server'))
      await using server = await serve(join(folder, 'server'))
      const repository = { app, url: parseRepoUrl(`${server.url}/git/${app}.git`) }
      const source = sourceIn(join(folder, 'client'))

      progress('looking at its tags')
      const times = createSeries('ms')
      const first = await timed(() => source.lookAtTags(repository, null))
      if (first.result.tags?.length !== tags) throw new Error('the first look has not seen every tag')
      times.add('first look', first.ms)
      for (let round = 0; round < repetitions * 2; round += 1) {
        const { result, ms } = await timed(() => source.lookAtTags(repository, first.result.print))
        if (result.tags !== null) throw new Error('a look has seen something new where nothing is')
        times.add('look once it is known', ms)
      }

      progress('fetching a commit')
      const fetched = await timed(() => source.fetchCommit(repository, commit, parseTagName('v1.0.0')))
      times.add('fetching the commit of a tag', fetched.ms)
      const sizes = createSeries('MB')
      sizes.add('on the disk of the server', (await bytesIn(path)) / 1e6)
      const mirror = (await bytesIn(join(folder, 'client'))) / 1e6
      sizes.add('on the disk of the controller', mirror)
      return {
        series: [...times.all(), ...sizes.all()],
        targets: [
          {
            claim: 'look once it is known, median',
            unit: 'ms',
            measured: times.median('look once it is known'),
            limit: { atMost: 500 },
          },
          {
            claim: 'brought over for a deployment, beside one commit of it',
            unit: '×',
            measured: mirror / (bytesPerCommit / 1e6),
            limit: { atMost: 1.1 },
          },
        ],
      }
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}

function sourceIn(folder: string): GitSource {
  return createGitSource({ folder: join(folder, 'git'), spoolFolder: join(folder, 'spool'), log })
}

/** Every commit replaces a file of bytes that nothing can compress; every tag is on the last one. */
async function makeRepository(folder: string) {
  const path = await ensureHosted(folder, app)
  const child = spawn('git', ['-c', 'core.compression=0', `--git-dir=${path}`, 'fast-import', '--quiet'], {
    env: gitEnvironment(),
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  for (let number = 1; number <= commits; number += 1) {
    const who = `committer Ada Example <ada@example.com> ${1_700_000_000 + number * 60} +0000`
    const head = `commit refs/heads/main\n${who}\ndata 4\nMore\nM 100644 inline data.bin\ndata ${bytesPerCommit}\n`
    child.stdin.write(head)
    child.stdin.write(randomBytes(bytesPerCommit))
    if (!child.stdin.write('\n')) await once(child.stdin, 'drain')
  }
  child.stdin.end()
  const [exitCode] = await once(child, 'close')
  if (exitCode !== 0) throw new Error('git fast-import has failed')
  await git(path, 'config', 'uploadpack.allowFilter', 'true')
  const commit = await git(path, 'rev-parse', 'main')
  const names = Array.from({ length: tags }, (_, number) => `refs/tags/v1.0.${number}`).toSorted()
  const lines = names.map((name) => `${commit} ${name}\n`).join('')
  await appendFile(join(path, 'packed-refs'), `# pack-refs with: peeled fully-peeled sorted \n${lines}`)
  return { path, commit: parseCommitSha(commit) }
}

async function git(path: string, ...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runCommand('git', [`--git-dir=${path}`, ...args], {
    env: gitEnvironment(),
  })
  if (exitCode !== 0) throw new Error(`git ${args[0]}: ${stderr}`)
  return stdout.trim()
}

async function serve(folder: string): Promise<{ readonly url: string } & AsyncDisposable> {
  const authorize = () => ({ actor: 'anyone' })
  const server = createServer(createPushEndpoint({ folder, authorize, onPush: async () => {}, log }))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function timed<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly ms: number }> {
  const begin = performance.now()
  return { result: await work(), ms: performance.now() - begin }
}

async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  const sizes = await Promise.all(
    files.map(async (file) => (await stat(join(file.parentPath, file.name))).size),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
