import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { SpooledContext } from '@tagship/engine'
import { type SampleRepository, sampleRepository } from '@tagship/tests/git'
import { describe, expect, it } from 'vitest'
import type { GitLimits } from '../src/index.ts'
import { remoteRepository, sha, testSource } from './support.ts'

const never = new AbortController().signal

/** A source that has fetched the sample's HEAD. */
async function fetched(sample: SampleRepository, limits: Partial<GitLimits> = {}) {
  const { source, spoolFolder } = await testSource(limits)
  const repository = remoteRepository(sample.url)
  const commit = sha(await sample.git('rev-parse', 'HEAD'))
  await source.fetchCommit(repository, commit, null)
  return { source, repository, commit, spoolFolder }
}

describe('a file of a commit', () => {
  it('is read as text, and is null where there is none', async () => {
    const files = { 'tagship.yaml': 'processes: {}\n# ü\n', 'a/b.txt': '', 'with space:colon': 'x' }
    await using sample = await sampleRepository({ files })
    const { source, repository, commit } = await fetched(sample)
    for (const [path, text] of Object.entries(files)) {
      expect(await source.readFile(repository, commit, path)).toBe(text)
    }
    expect(await source.readFile(repository, commit, './a//b.txt')).toBe('')
    for (const path of ['missing.yaml', 'a', '../x', `tagship.yaml\n${commit}:tagship.yaml`]) {
      expect(await source.readFile(repository, commit, path)).toBeNull()
    }
  })

  it('is refused where it is too large', async () => {
    await using sample = await sampleRepository({
      files: { fits: 'x'.repeat(1_000), large: 'x'.repeat(1_001) },
    })
    const { source, repository, commit } = await fetched(sample, { fileBytes: 1_000 })
    expect(await source.readFile(repository, commit, 'fits')).toHaveLength(1_000)
    await expect(source.readFile(repository, commit, 'large')).rejects.toMatchObject({ code: 'git.tooLarge' })
    await sample.commit({ huge: 'x'.repeat(1_000_000) })
    const next = sha(await sample.git('rev-parse', 'HEAD'))
    await source.fetchCommit(repository, next, null)
    await expect(source.readFile(repository, next, 'huge')).rejects.toMatchObject({ code: 'git.tooLarge' })
  })

  it('is a failure, not null, where the commit is not there', async () => {
    await using sample = await sampleRepository()
    const { source, repository } = await fetched(sample)
    await expect(source.readFile(repository, sha('1'.repeat(40)), 'a')).rejects.toMatchObject({
      code: 'git.failed',
    })
  })
})

it('tells who made a commit, when and why', async () => {
  await using sample = await sampleRepository()
  await sample.commit({}, 'Fix the façade\n\nAt last.')
  const { source, repository, commit } = await fetched(sample)
  expect(await source.describeCommit(repository, commit)).toEqual({
    subject: 'Fix the façade',
    author: 'Ada Example',
    committedAt: new Date(1_700_000_120_000),
  })
})

describe('the archive of a commit', () => {
  it.each([
    ['.', ['app/', 'app/Dockerfile', 'app/src/', 'app/src/main.js', 'link', 'run.sh']],
    ['app', ['Dockerfile', 'src/', 'src/main.js']],
    ['./app/src/', ['main.js']],
  ])('of the folder %s has its files, and always the same bytes', async (context, names) => {
    await using sample = await sampleRepository({
      files: { 'app/Dockerfile': 'FROM x', 'app/src/main.js': '1', 'run.sh': '#!/bin/sh' },
    })
    await symlink('app', join(sample.folder, 'link'))
    await sample.commit()
    const one = await fetched(sample)
    const other = await fetched(sample)
    const archives = await Promise.all(
      [one, other].map(({ source, repository, commit }) =>
        source.archive(repository, commit, context, never),
      ),
    )
    const [first, second] = archives as [SpooledContext, SpooledContext]
    const bytes = await readFile(first.path)
    expect(execFileSync('tar', ['-tf', first.path], { encoding: 'utf8' }).trim().split('\n')).toEqual(names)
    expect(await readFile(second.path)).toEqual(bytes)
    expect(second).toMatchObject({ sha256: first.sha256, bytes: bytes.length })
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(first.sha256)
    // The commit's own time, not that of the archiving.
    const times = execFileSync('tar', ['--utc', '--full-time', '-tvf', first.path], { encoding: 'utf8' })
    expect(new Set(times.match(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g))).toEqual(new Set(['2023-11-14 22:15:20']))
    await one.source.discard(first)
    await one.source.discard(first)
    expect(await readdir(one.spoolFolder)).toEqual([])
  })

  it('respects .gitattributes', async () => {
    const files = {
      '.gitattributes': 'secret export-ignore\nversion export-subst\n',
      secret: 'x',
      version: '$Format:%H$',
    }
    await using sample = await sampleRepository({ files })
    const { source, repository, commit } = await fetched(sample)
    const { path } = await source.archive(repository, commit, '.', never)
    expect(execFileSync('tar', ['-tf', path], { encoding: 'utf8' })).not.toContain('secret')
    expect(execFileSync('tar', ['-xOf', path, 'version'], { encoding: 'utf8' })).toBe(commit)
  })

  it.each(['missing', 'file', '../outside', '/absolute', 'a/../../b'])(
    'names build.context where %s is no folder of it',
    async (context) => {
      await using sample = await sampleRepository({ files: { file: 'x' } })
      const { source, repository, commit, spoolFolder } = await fetched(sample)
      await expect(source.archive(repository, commit, context, never)).rejects.toMatchObject({
        code: 'manifest.invalid',
        message: expect.stringContaining('build.context'),
      })
      expect(await readdir(spoolFolder)).toEqual([])
    },
  )

  it('is refused where it is too large, and leaves nothing behind', async () => {
    await using sample = await sampleRepository({ files: { big: randomBytes(3_000_000) } })
    const { source, repository, commit, spoolFolder } = await fetched(sample, { archiveBytes: 1_000_000 })
    await expect(source.archive(repository, commit, '.', never)).rejects.toMatchObject({
      code: 'git.tooLarge',
    })
    expect(await readdir(spoolFolder)).toEqual([])
  })

  it('ends when it is aborted, and leaves nothing behind', async () => {
    await using sample = await sampleRepository({ files: { big: randomBytes(30_000_000) } })
    const { source, repository, commit, spoolFolder } = await fetched(sample)
    const abort = new AbortController()
    const archive = source.archive(repository, commit, '.', abort.signal)
    setImmediate(() => abort.abort())
    await expect(archive).rejects.toThrow(/abort/i)
    await expect(source.archive(repository, commit, '.', abort.signal)).rejects.toThrow(/abort/i)
    expect(await readdir(spoolFolder)).toEqual([])
  })

  it('is a failure where the mirror is not there', async () => {
    await using sample = await sampleRepository()
    const { source, spoolFolder } = await testSource()
    const archive = source.archive(remoteRepository(sample.url), sha('1'.repeat(40)), '.', never)
    await expect(archive).rejects.toMatchObject({ code: 'git.failed' })
    expect(existsSync(spoolFolder) && (await readdir(spoolFolder))).toEqual([])
  })
})
