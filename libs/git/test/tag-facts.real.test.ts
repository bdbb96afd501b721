import { readdir } from 'node:fs/promises'
import { type CommitSha, parseTagName, type Tag } from '@tagship/domain'
import { sampleRepository } from '@tagship/tests/git'
import { describe, expect, it } from 'vitest'
import { ensureHosted } from '../src/index.ts'
import { hostedRepository, remoteRepository, sha, shop, testSource } from './support.ts'

function seen(name: string, refSha: string, commit: string): Tag {
  return {
    ...{ name: parseTagName(name), refSha, commit: sha(commit), pointsAt: sha(commit), annotated: true },
    ...{
      tagger: null,
      createdAt: null,
      firstSeenAt: new Date(0),
      baseline: false,
      movedTo: null,
      deletedAt: null,
    },
  }
}

describe('who made tags, and when', () => {
  it.each(['remote', 'hosted'])('is read from their objects (%s)', async (kind) => {
    const { source, folder } = await testSource()
    await using sample = await sampleRepository()
    const first = await sample.git('rev-parse', 'HEAD')
    await sample.tag('v1.0.0')
    const second = await sample.commit({ 'a.txt': 'a' })
    const annotated = await sample.tag('v1.1.0', { message: 'One' })
    const repository = kind === 'hosted' ? hostedRepository : remoteRepository(sample.url)
    if (kind === 'hosted') await sample.push(await ensureHosted(folder, shop), '--tags')

    const wanted = [seen('v1.0.0', first, first), seen('v1.1.0', annotated, second)]
    const facts = await source.readTags(repository, wanted)
    const tagger = { name: 'Ada Example', email: 'ada@example.com' }
    expect(facts.toSorted((a, b) => (a.tag < b.tag ? -1 : 1))).toMatchObject([
      { tag: 'v1.0.0', refSha: first, tagger: null, createdAt: expect.any(Date) },
      { tag: 'v1.1.0', refSha: annotated, tagger },
    ])
    const [older, newer] = facts.map(({ createdAt }) => createdAt.getTime())
    expect(older).toBeLessThan(newer ?? 0)
    // Of a tag that points elsewhere by now nothing is said.
    expect(await source.readTags(repository, [seen('v1.0.0', second, second)])).toEqual([])
    if (kind === 'remote') expect(await readdir(folder)).not.toContain(expect.stringMatching(/^\.tagship-/))
  })

  it('fails with the reason where a tag is gone, and leaves nothing behind', async () => {
    const { source, folder } = await testSource()
    await using sample = await sampleRepository()
    const commit = await sample.git('rev-parse', 'HEAD')
    const gone = source.readTags(remoteRepository(sample.url), [seen('v9.0.0', commit, commit)])
    await expect(gone).rejects.toMatchObject({ code: expect.stringMatching(/^git\./) })
    expect((await readdir(folder)).filter((name) => name.startsWith('.tagship-'))).toEqual([])
  })
})

describe('what changed between two commits', () => {
  it('is told for the folders, files and globs that are asked for', async () => {
    const { source } = await testSource()
    const files = {
      'services/web/a.js': '1',
      'services/api/b.js': '1',
      'shared/deep/c.js': '1',
      'top.js': '1',
    }
    await using sample = await sampleRepository({ files })
    await sample.tag('v1')
    const from = await sample.git('rev-parse', 'HEAD')
    const to = await sample.commit({ 'services/api/b.js': '2', 'shared/deep/c.js': '2', 'top.js': '2' })
    await sample.tag('v2')
    const repository = remoteRepository(sample.url)
    await source.fetchCommit(repository, sha(from), parseTagName('v1'))
    await source.fetchCommit(repository, sha(to), parseTagName('v2'))

    const changed = (...paths: string[]) =>
      source.changedPaths(repository, { from: sha(from), to: sha(to) }, paths)
    expect(await changed('services/web/**')).toEqual([])
    expect(await changed('services/web')).toEqual([])
    expect(await changed('services/api')).toEqual(['services/api/b.js'])
    expect(await changed('services/web/**', 'shared/**/*.js')).toEqual(['shared/deep/c.js'])
    expect(await changed('*.js')).toEqual(['top.js'])
    expect(await changed('$(id)', "x'y")).toEqual([])
    const same = source.changedPaths(repository, { from: sha(to), to: sha(to) }, ['**'])
    expect(await same).toEqual([])
  })

  it('is a failure where a commit is not there', async () => {
    const { source } = await testSource()
    await using sample = await sampleRepository()
    await sample.tag('v1')
    const from = sha(await sample.git('rev-parse', 'HEAD'))
    const repository = remoteRepository(sample.url)
    await source.fetchCommit(repository, from, parseTagName('v1'))
    const to = 'e'.repeat(40) as CommitSha
    await expect(source.changedPaths(repository, { from, to }, ['**'])).rejects.toMatchObject({
      code: 'git.failed',
    })
  })
})
