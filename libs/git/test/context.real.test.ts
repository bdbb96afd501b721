/** What a build context has besides the commit's own files: submodules, and what Git LFS keeps. */
import { execFileSync } from 'node:child_process'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseTagName } from '@tagship/domain'
import { gitEnvironment, type SampleRepository, sampleRepository } from '@tagship/tests/git'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { ensureHosted } from '../src/index.ts'
import { hostedRepository, remoteRepository, sha, shop, testFolder, testSource } from './support.ts'

const signal = new AbortController().signal
const v1 = parseTagName('v1')

async function repository(files: Record<string, string>): Promise<SampleRepository> {
  const sample = await sampleRepository({ files })
  onTestFinished(() => sample[Symbol.asyncDispose]())
  return sample
}

async function addSubmodule(parent: SampleRepository, path: string, url: string, commit: string) {
  await parent.git('config', '--file', '.gitmodules', `submodule.${path}.path`, path)
  await parent.git('config', '--file', '.gitmodules', `submodule.${path}.url`, url)
  await parent.git('add', '.gitmodules')
  await parent.git('update-index', '--add', '--cacheinfo', `160000,${commit},${path}`)
  await parent.git('commit', '--quiet', '--message', `Add ${path}`)
}

async function contextOf(sample: SampleRepository, context = '.', source = testSource()) {
  const made = (await source).source
  const commit = sha(await sample.git('rev-parse', 'HEAD'))
  await sample.tag('v1')
  await made.fetchCommit(remoteRepository(sample.url), commit, v1)
  const spooled = await made.archive(remoteRepository(sample.url), commit, context, signal)
  return { spooled, files: await unpack(spooled.path) }
}

/** As tar(1) reads it: files with their content. */
async function unpack(path: string): Promise<Record<string, string>> {
  const folder = await testFolder()
  execFileSync('tar', ['-xf', path, '-C', folder])
  const names = execFileSync('find', ['.', '-type', 'f'], { cwd: folder, encoding: 'utf8' })
    .trim()
    .split('\n')
  const contents = names.map(async (name) => [name.slice(2), await readFile(join(folder, name), 'utf8')])
  return Object.fromEntries(await Promise.all(contents))
}

describe('submodules', () => {
  it('are in the context at the commit that is pinned, also those of submodules', async () => {
    const inner = await repository({ 'inner.txt': 'inner' })
    const library = await repository({ 'lib.txt': 'pinned' })
    await addSubmodule(library, 'deep/inner', inner.url, await inner.git('rev-parse', 'HEAD'))
    const pinned = await library.git('rev-parse', 'HEAD')
    await library.commit({ 'lib.txt': 'newer' })
    const parent = await repository({ 'services/web/app.txt': 'app', 'other.txt': 'other' })
    await addSubmodule(parent, 'services/web/lib', library.url, pinned)
    await addSubmodule(parent, 'elsewhere', inner.url, await inner.git('rev-parse', 'HEAD'))
    const source = testSource()
    const first = await contextOf(parent, 'services/web', source)
    expect(first.files).toMatchObject({
      'app.txt': 'app',
      'lib/lib.txt': 'pinned',
      'lib/deep/inner/inner.txt': 'inner',
    })
    expect(Object.keys(first.files)).not.toContain('other.txt')
    const commit = sha(await parent.git('rev-parse', 'HEAD'))
    const again = await (await source).source.archive(
      remoteRepository(parent.url),
      commit,
      'services/web',
      signal,
    )
    expect(again.sha256).toBe(first.spooled.sha256)
  })

  it('may be named relative to the repository', async () => {
    const library = await repository({ 'lib.txt': 'beside' })
    const parent = await repository({ 'a.txt': 'a' })
    const name = library.folder.slice(library.folder.lastIndexOf('/') + 1)
    await addSubmodule(parent, 'lib', `../${name}`, await library.git('rev-parse', 'HEAD'))
    expect((await contextOf(parent)).files).toMatchObject({ 'a.txt': 'a', 'lib/lib.txt': 'beside' })
  })

  it('are refused where they cannot be had, in words that name them', async () => {
    const parent = await repository({ 'a.txt': 'a' })
    await addSubmodule(parent, 'lib', 'ext::sh -c id', '1'.repeat(40))
    await expect(contextOf(parent)).rejects.toMatchObject({
      code: 'git.submodule',
      message: expect.stringContaining('"lib"'),
    })
    const missing = await repository({ 'a.txt': 'a' })
    const library = await repository({ 'lib.txt': 'x' })
    await addSubmodule(missing, 'lib', library.url, '1'.repeat(40))
    await expect(contextOf(missing)).rejects.toMatchObject({ code: 'git.submodule' })
  })

  it('of a hosted repository never lead to files of this machine', async () => {
    const secret = await repository({ 'secret.txt': 'x' })
    const parent = await repository({ 'a.txt': 'a' })
    await addSubmodule(parent, 'lib', secret.url, await secret.git('rev-parse', 'HEAD'))
    const { source, folder } = await testSource()
    await parent.push(await ensureHosted(folder, shop), 'main')
    const commit = sha(await parent.git('rev-parse', 'HEAD'))
    await expect(source.archive(hostedRepository, commit, '.', signal)).rejects.toMatchObject({
      code: 'git.submodule',
      message: expect.stringContaining('leads where this repository may not'),
    })
  })
})

describe('Git LFS', () => {
  async function lfsRepository(): Promise<SampleRepository> {
    const sample = await repository({
      '.gitattributes': '*.bin filter=lfs diff=lfs merge=lfs -text\n',
      'a.txt': 'a',
    })
    for (const [key, value] of [
      ['filter.lfs.clean', 'git-lfs clean -- %f'],
      ['filter.lfs.smudge', 'git-lfs smudge -- %f'],
      ['filter.lfs.required', 'true'],
    ] as const) {
      await sample.git('config', key, value)
    }
    await sample.commit({ 'assets/big.bin': 'the content itself\n'.repeat(2_000) })
    expect(await sample.git('cat-file', 'blob', 'HEAD:assets/big.bin')).toContain(
      'git-lfs.github.com/spec/v1',
    )
    return sample
  }

  it('gives the content that the pointer names', async () => {
    const sample = await lfsRepository()
    const { files } = await contextOf(sample)
    expect(files['assets/big.bin']).toBe('the content itself\n'.repeat(2_000))
    expect(files['a.txt']).toBe('a')
  })

  it('is an error that says so where git-lfs is not installed, or the content is gone', async () => {
    const sample = await lfsRepository()
    const gone = await repository({
      'big.bin': `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 12\n`,
    })
    await expect(contextOf(gone)).rejects.toMatchObject({ code: 'git.lfs' })
    const programs = await testFolder()
    await mkdir(join(programs, 'none'), { recursive: true })
    const git = execFileSync('which', ['git'], { encoding: 'utf8' }).trim()
    execFileSync('ln', ['-s', git, join(programs, 'git')])
    const source = testSource()
    await source
    vi.stubEnv('PATH', programs)
    onTestFinished(() => void vi.unstubAllEnvs())
    const commit = sha(
      execFileSync('git', ['rev-parse', 'HEAD'], {
        cwd: sample.folder,
        env: gitEnvironment(),
        encoding: 'utf8',
      }).trim(),
    )
    const { source: without } = await source
    await without.fetchCommit(remoteRepository(sample.url), commit, null)
    await expect(without.archive(remoteRepository(sample.url), commit, '.', signal)).rejects.toMatchObject({
      code: 'git.lfs',
      message: expect.stringMatching(/big\.bin.*git-lfs is not installed/),
    })
  })
})

describe('one mirror for several apps', () => {
  it('keeps what was fetched once, and shows each app only what it fetched itself', async () => {
    const sample = await repository({ 'a.txt': 'one' })
    const commit = sha(await sample.git('rev-parse', 'HEAD'))
    await sample.tag('v1')
    const { source, mirror, folder } = await testSource()
    const one = remoteRepository(sample.url)
    const two = { ...one, app: 'other' as typeof shop }
    await source.fetchCommit(one, commit, v1)
    await source.fetchCommit(two, commit, v1)
    const packs = execFileSync('git', [`--git-dir=${mirror(sample.url)}`, 'count-objects', '-v'], {
      encoding: 'utf8',
    })
    expect(packs).toMatch(/^packs: 1$/m)
    expect(
      execFileSync('ls', [join(folder, 'mirrors')], { encoding: 'utf8' })
        .trim()
        .split('\n'),
    ).toHaveLength(1)
    await source.forget(one)
    expect(await source.readFile(two, commit, 'a.txt')).toBe('one')
    await source.forget(two)
    expect(execFileSync('ls', [join(folder, 'mirrors')], { encoding: 'utf8' })).toBe('')
  })

  it('is no way around the credential: a commit in it is not there for who may not read the repository', async () => {
    const sample = await repository({ 'a.txt': 'one' })
    const first = sha(await sample.git('rev-parse', 'HEAD'))
    await sample.commit({ 'a.txt': 'two' })
    await sample.tag('v1')
    const { source } = await testSource()
    const one = remoteRepository(sample.url)
    await source.fetchCommit(one, first, null)
    await sample[Symbol.asyncDispose]()
    const two = { ...one, app: 'other' as typeof shop }
    await source.fetchCommit(one, first, null)
    await expect(source.fetchCommit(two, first, null)).rejects.toMatchObject({ code: 'git.notFound' })
  })

  it('refuses a commit that the server has but no branch and no tag leads to', async () => {
    const sample = await repository({ 'a.txt': 'one' })
    const lost = sha(await sample.commit({ 'a.txt': 'lost' }))
    await sample.git('reset', '--quiet', '--hard', 'HEAD~1')
    const { source } = await testSource()
    const fetching = source.fetchCommit(remoteRepository(sample.url), lost, null)
    await expect(fetching).rejects.toMatchObject({ code: 'tag.notFound' })
  })
})
