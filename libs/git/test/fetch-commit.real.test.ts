import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseRepoUrl, parseTagName } from '@tagship/domain'
import { gitEnvironment, sampleRepository } from '@tagship/tests/git'
import { describe, expect, it } from 'vitest'
import { remoteOf } from '../src/access/remote.ts'
import { fetchTagObject } from '../src/fetch-tag.ts'
import { createPushEndpoint, ensureHosted } from '../src/index.ts'
import { mirrorOf } from '../src/mirror.ts'
import {
  hostedRepository,
  listen,
  memoryLog,
  remoteRepository,
  sha,
  shop,
  testFolder,
  testSource,
} from './support.ts'

const v1 = parseTagName('v1')
const v2 = parseTagName('v2')
const signal = new AbortController().signal

describe('fetching a commit', () => {
  it('brings what the tag needs and nothing else, and later what is new', async () => {
    const { source, mirror } = await testSource()
    await using sample = await sampleRepository()
    const first = await sample.commit({ 'a.txt': 'one' })
    await sample.tag('v1')
    const second = await sample.commit({ 'a.txt': 'two' })
    await sample.tag('v2', { message: 'Two' })
    const repository = remoteRepository(sample.url)

    await source.fetchCommit(repository, sha(first), v1)
    expect(await source.readFile(repository, sha(first), 'a.txt')).toBe('one')
    expect(packedObjects(mirror(sample.url))).toEqual({ loose: 0, packed: 6, packs: 1 })
    await source.fetchCommit(repository, sha(second), v2)
    expect(await source.readFile(repository, sha(second), 'a.txt')).toBe('two')
    // Three objects more for the commit, and one for the annotated tag.
    expect(packedObjects(mirror(sample.url))).toEqual({ loose: 0, packed: 10, packs: 2 })
  })

  it('is a no-op where the commit is there: the remote may be gone', async () => {
    const { source } = await testSource()
    await using sample = await sampleRepository()
    const commit = sha(await sample.git('rev-parse', 'HEAD'))
    await sample.tag('v1')
    const repository = remoteRepository(sample.url)
    await source.fetchCommit(repository, commit, v1)
    await rm(sample.folder, { recursive: true })
    await source.fetchCommit(repository, commit, v1)
    await source.fetchCommit(repository, commit, null)
  })

  it('refuses a tag that moved, was deleted, or is no commit', async () => {
    const { source } = await testSource()
    await using sample = await sampleRepository()
    const first = sha(await sample.git('rev-parse', 'HEAD'))
    const second = sha(await sample.commit())
    const blob = sha(await sample.git('rev-parse', 'HEAD:README.md'))
    await sample.tag('v1', { at: second })
    await sample.tag('v2', { at: 'HEAD:README.md' })
    const repository = remoteRepository(sample.url)
    await expect(source.fetchCommit(repository, first, v1)).rejects.toMatchObject({ code: 'tag.moved' })
    await expect(source.fetchCommit(repository, blob, v2)).rejects.toMatchObject({ code: 'tag.notACommit' })
    await expect(source.fetchCommit(repository, blob, null)).rejects.toMatchObject({ code: 'tag.notACommit' })
    await expect(source.fetchCommit(repository, first, parseTagName('gone'))).rejects.toMatchObject({
      code: 'tag.notFound',
    })
    // None of this stands in the way of what is right.
    await source.fetchCommit(repository, second, v1)
    await source.fetchCommit(repository, first, null)
  })

  it('finds a commit by its SHA, also where the server does not hand it out by that', async () => {
    const { source } = await testSource()
    await using sample = await sampleRepository()
    const first = sha(await sample.git('rev-parse', 'HEAD'))
    await sample.commit()
    await sample.git('update-server-info')
    // Plain files over HTTP: git's "dumb" protocol, which knows branches and tags only.
    const url = await listen(async (request, response) => {
      const path = (request.url ?? '').split('?')[0]?.replace('/shop.git', '') ?? ''
      const file = await readFile(join(sample.folder, '.git', path)).catch(() => null)
      response.writeHead(file ? 200 : 404).end(file)
    })
    const repository = remoteRepository(`${url}/shop.git`)
    await source.fetchCommit(repository, first, null)
    expect(await source.readFile(repository, first, 'README.md')).toBe('A sample.\n')
  })

  it('says so where no branch and no tag leads to the commit', async () => {
    const { source } = await testSource()
    await using sample = await sampleRepository()
    const repository = remoteRepository(sample.url)
    const nowhere = sha('1'.repeat(40))
    await expect(source.fetchCommit(repository, nowhere, null)).rejects.toMatchObject({
      code: 'tag.notFound',
    })
  })

  it('looks for the commit of a hosted app in its repository', async () => {
    const { source, folder } = await testSource()
    await using sample = await sampleRepository()
    await sample.push(await ensureHosted(folder, shop), 'main')
    const commit = sha(await sample.git('rev-parse', 'HEAD'))
    const blob = sha(await sample.git('rev-parse', 'HEAD:README.md'))
    await source.fetchCommit(hostedRepository, commit, null)
    await expect(source.fetchCommit(hostedRepository, blob, null)).rejects.toMatchObject({
      code: 'tag.notACommit',
    })
    await expect(source.fetchCommit(hostedRepository, sha('1'.repeat(40)), v1)).rejects.toMatchObject({
      code: 'tag.notFound',
    })
  })

  it('may be asked for by many at once, in two processes', async () => {
    const home = await testFolder()
    const sources = [await testSource({}, home), await testSource({}, home)].map(({ source }) => source)
    await using sample = await sampleRepository()
    const commits: string[] = []
    for (let index = 0; index < 4; index++) {
      commits.push(await sample.commit({ 'a.txt': String(index) }))
      await sample.tag(`v${index}`)
    }
    const repository = remoteRepository(sample.url)
    await Promise.all(
      commits.flatMap((commit, index) =>
        sources.map((source) => source.fetchCommit(repository, sha(commit), parseTagName(`v${index}`))),
      ),
    )
    for (const [index, commit] of commits.entries()) {
      expect(await sources[0]?.readFile(repository, sha(commit), 'a.txt')).toBe(String(index))
    }
  })
})

describe('a server that can leave files out', () => {
  it('is asked for the files of the commit, and not for those of its history', async () => {
    const { source, mirror } = await testSource()
    await using sample = await grownRepository()
    const repository = remoteRepository(sample.url)
    await source.fetchCommit(repository, sample.last, v2)
    expect(await source.readFile(repository, sample.last, 'app.js')).toBe('two')
    expect(packedBytes(mirror(sample.url))).toBeLessThan(50_000)
    expect(await source.changedPaths(repository, { from: sample.first, to: sample.last }, ['**'])).toEqual([
      'app.js',
      'big.bin',
    ])
    const { added, files } = (await source.compare(repository, sample.first, sample.last)) ?? {}
    expect(added?.total).toBe(1)
    expect(files?.items.map(({ path, change }) => `${path} ${change}`)).toEqual([
      'app.js changed',
      'big.bin removed',
    ])

    await source.fetchCommit(repository, sample.first, v1)
    expect((await source.archive(repository, sample.first, '.', signal)).bytes).toBeGreaterThan(1_000_000)
    const known = await source.compare(repository, sample.first, sample.last)
    expect(known?.files.items[0]).toMatchObject({ path: 'app.js', insertions: 1, deletions: 1 })
  })

  it('sends the object of a tag to a mirror without old files', async () => {
    const { source, folder } = await testSource()
    await using sample = await grownRepository()
    const repository = remoteRepository(sample.url)
    await source.fetchCommit(repository, sample.last, v2)
    await sample.tag('signed', { at: sample.last, message: 'Signed, say' })
    const [mirror, remote] = [
      mirrorOf(folder, parseRepoUrl(sample.url), shop),
      remoteOf(parseRepoUrl(sample.url)),
    ]
    const refSha = await sample.git('rev-parse', 'signed')
    await fetchTagObject({ mirror, remote, name: parseTagName('signed'), refSha, timeout: 10_000 })
    expect(await sample.git(`--git-dir=${mirror.gitDir}`, 'cat-file', '-t', refSha)).toBe('tag')
  })

  it('is asked for the rest where a fetch has died between history and files', async () => {
    const { source, folder, mirror } = await testSource()
    await using sample = await grownRepository()
    const gitDir = mirror(sample.url)
    await mkdir(join(folder, 'mirrors'), { recursive: true })
    execFileSync('git', ['init', '--quiet', '--bare', gitDir], { env: gitEnvironment() })
    const promisor = [`url=${sample.url}`, 'promisor=true', 'partialclonefilter=blob:none']
    const settings = promisor.flatMap((setting) => ['-c', `remote.origin.${setting}`])
    const arrival = `+refs/tags/v1:refs/tagship/apps/shop/arriving/${sample.first}`
    const args = [
      `--git-dir=${gitDir}`,
      ...settings,
      'fetch',
      '--quiet',
      '--filter=blob:none',
      'origin',
      arrival,
    ]
    execFileSync('git', args, { env: gitEnvironment() })
    expect(packedBytes(gitDir)).toBeLessThan(50_000)

    const repository = remoteRepository(sample.url)
    await source.fetchCommit(repository, sample.first, v1)
    expect((await source.archive(repository, sample.first, '.', signal)).bytes).toBeGreaterThan(1_000_000)
  })

  it('may lose the gift', async () => {
    const { source } = await testSource()
    await using sample = await grownRepository()
    const repository = remoteRepository(sample.url)
    await source.fetchCommit(repository, sample.last, v2)
    await sample.git('config', 'uploadpack.allowFilter', 'false')
    await source.fetchCommit(repository, sample.first, v1)
    expect((await source.archive(repository, sample.first, '.', signal)).bytes).toBeGreaterThan(1_000_000)
    const newest = sha(await sample.commit({ 'app.js': 'three' }))
    await sample.tag('v3', { message: 'Three' })
    await source.fetchCommit(repository, newest, parseTagName('v3'))
    expect(await source.readFile(repository, newest, 'app.js')).toBe('three')
  })
})

describe('a fetch that was killed', () => {
  it('is done again by the next one, whatever it left', async () => {
    const home = await testFolder()
    await using sample = await sampleRepository({ files: { 'big.bin': randomBytes(8_000_000) } })
    const commit = sha(await sample.git('rev-parse', 'HEAD'))
    await sample.tag('v1')
    const hosted = join(home, 'remote')
    await sample.push(await ensureHosted(hosted, shop), 'main', 'v1')
    const server = await slowServer(hosted)
    const script = join(import.meta.dirname, 'fetch-and-hang.ts')
    const child = spawn(process.execPath, [script, home, `${server.url}/git/shop.git`, commit], {
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    await server.stalled
    child.kill('SIGKILL')
    await once(child, 'exit')
    server.goOn()

    const { source, mirror } = await testSource({}, home)
    // What a git that was killed a moment earlier or later would leave.
    const lock = join(mirror(`${server.url}/git/shop.git`), `refs/tagship/apps/shop/commits/${commit}.lock`)
    await mkdir(join(lock, '..'), { recursive: true })
    await writeFile(lock, '')
    await utimes(lock, 0, 0)
    const repository = remoteRepository(`${server.url}/git/shop.git`)
    await source.fetchCommit(repository, commit, v1)
    expect((await source.archive(repository, commit, '.', signal)).bytes).toBeGreaterThan(8_000_000)
  })
})

describe('a mirror that is damaged', () => {
  const damages: [string, (mirror: string, commit: string) => Promise<void>][] = [
    ['has no HEAD', (mirror) => rm(join(mirror, 'HEAD'))],
    [
      'is an empty folder',
      (mirror) => rm(mirror, { recursive: true }).then(() => mkdir(mirror).then(() => {})),
    ],
    ['has lost its packs', (mirror) => rm(join(mirror, 'objects/pack'), { recursive: true })],
    ['has a pack that is cut off', (mirror) => eachPack(mirror, (pack) => truncate(pack, 40))],
    [
      'has an empty ref',
      (mirror, commit) => writeFile(join(mirror, `refs/tagship/apps/shop/commits/${commit}`), ''),
    ],
  ]
  it.each(damages)('is made anew where it %s', async (_, damage) => {
    const { source, mirror } = await testSource()
    await using sample = await sampleRepository({ files: { 'a.txt': 'one' } })
    const commit = sha(await sample.git('rev-parse', 'HEAD'))
    await sample.tag('v1')
    const repository = remoteRepository(sample.url)
    await source.fetchCommit(repository, commit, v1)
    await damage(mirror(sample.url), commit)
    await source.fetchCommit(repository, commit, v1)
    expect(await source.readFile(repository, commit, 'a.txt')).toBe('one')
  })

  it('is made anew after an archive has found out', async () => {
    const { source, mirror } = await testSource()
    await using sample = await sampleRepository({ files: { 'big.bin': randomBytes(100_000) } })
    const commit = sha(await sample.git('rev-parse', 'HEAD'))
    await sample.tag('v1')
    const repository = remoteRepository(sample.url)
    await source.fetchCommit(repository, commit, v1)
    await eachPack(mirror(sample.url), async (pack) => {
      const bytes = await readFile(pack)
      await rm(pack)
      await writeFile(pack, bytes.fill(0, 50_000, 60_000))
    })
    await source.fetchCommit(repository, commit, v1)
    await expect(source.archive(repository, commit, '.', signal)).rejects.toMatchObject({
      code: 'git.failed',
    })
    await source.fetchCommit(repository, commit, v1)
    expect((await source.archive(repository, commit, '.', signal)).bytes).toBeGreaterThan(100_000)
  })
})

it('sets a hosted repository aside when it is forgotten, and does not mind that there is none', async () => {
  const { source, folder } = await testSource()
  await ensureHosted(folder, shop)
  await source.forget(hostedRepository)
  await source.forget(hostedRepository)
  expect(await readdir(join(folder, 'removed'))).toEqual([expect.stringMatching(`^${shop}-.*\\.git$`)])
  expect(await readdir(folder)).not.toContain(`${shop}.git`)
})

/** A large file in its first commit, tagged v1, and none in its last, tagged v2. */
async function grownRepository() {
  const sample = await sampleRepository()
  await sample.git('config', 'uploadpack.allowFilter', 'true')
  const first = sha(await sample.commit({ 'app.js': 'one', 'big.bin': randomBytes(1_000_000) }))
  await sample.tag('v1')
  await sample.git('rm', '--quiet', 'big.bin')
  const last = sha(await sample.commit({ 'app.js': 'two' }))
  await sample.tag('v2')
  return Object.assign(sample, { first, last })
}

function packedBytes(mirror: string): number {
  const args = [`--git-dir=${mirror}`, 'count-objects', '-v']
  const counts = execFileSync('git', args, { env: gitEnvironment(), encoding: 'utf8' })
  return Number(/^size-pack: (\d+)$/m.exec(counts)?.[1]) * 1024
}

function packedObjects(mirror: string) {
  const counts = execFileSync('git', [`--git-dir=${mirror}`, 'count-objects', '-v'], {
    env: gitEnvironment(),
    encoding: 'utf8',
  })
  const count = (name: string) => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(counts)?.[1])
  return { loose: count('count'), packed: count('in-pack'), packs: count('packs') }
}

async function eachPack(mirror: string, change: (path: string) => Promise<void>): Promise<void> {
  const folder = join(mirror, 'objects/pack')
  const packs = (await readdir(folder)).filter((name) => name.endsWith('.pack'))
  expect(packs).not.toEqual([])
  for (const pack of packs) await change(join(folder, pack))
}

/** Serves the repositories of `folder`, but stops in the middle of the first pack until told to go on. */
async function slowServer(folder: string) {
  const endpoint = createPushEndpoint({
    folder,
    authorize: () => ({ actor: 'anyone' }),
    onPush: async () => {},
    log: memoryLog(),
  })
  const stalled = Promise.withResolvers<void>()
  let slow = true
  const url = await listen((request, response) => {
    if (slow && request.method === 'POST') {
      const write = response.write.bind(response)
      let sent = 0
      response.write = (chunk: Buffer) => {
        sent += chunk.length
        if (sent > 1_000_000) {
          stalled.resolve()
          return false
        }
        return write(chunk)
      }
    }
    return endpoint(request, response)
  })
  return {
    url,
    stalled: stalled.promise,
    goOn: () => {
      slow = false
    },
  }
}
