import { sampleRepository } from '@tagship/tests/git'
import { expect, it } from 'vitest'
import { remoteRepository, sha, testSource } from './support.ts'

const nothing = { items: [], total: 0 }

it('tells commits and files between two commits, in both directions', async () => {
  await using sample = await sampleRepository({ files: { 'a.txt': 'one\n', 'gone.txt': 'x\n' } })
  const { source } = await testSource()
  const repository = remoteRepository(sample.url)
  const head = async () => sha(await sample.git('rev-parse', 'HEAD'))
  const fetchHead = async () => {
    const commit = await head()
    await source.fetchCommit(repository, commit, null)
    return commit
  }
  const base = await fetchHead()
  await sample.commit({ 'a.txt': 'one\ntwo\n', 'name with\nline.txt': 'new\n' }, 'Add a line\n\nAnd more.')
  await sample.commit({ 'binary.bin': '\0\x01\x02' }, 'Add bytes')
  await sample.git('rm', '-q', 'gone.txt')
  await sample.commit({}, 'Remove a file')
  const next = await fetchHead()

  const there = await source.compare(repository, base, next)
  expect(there?.added.total).toBe(3)
  expect(there?.added.items.map(({ subject, author }) => [subject, author])).toEqual([
    ['Remove a file', 'Ada Example'],
    ['Add bytes', 'Ada Example'],
    ['Add a line', 'Ada Example'],
  ])
  expect(there?.added.items[0]?.sha).toBe(next)
  expect(there?.undone).toEqual(nothing)
  expect(there?.files).toEqual({
    total: 4,
    items: [
      { path: 'a.txt', change: 'changed', insertions: 1, deletions: 0 },
      { path: 'binary.bin', change: 'added', insertions: null, deletions: null },
      { path: 'gone.txt', change: 'removed', insertions: 0, deletions: 1 },
      { path: 'name with\nline.txt', change: 'added', insertions: 1, deletions: 0 },
    ],
  })

  const back = await source.compare(repository, next, base)
  expect(back?.undone.total).toBe(3)
  expect(back?.added).toEqual(nothing)
  expect(await source.compare(repository, base, base)).toEqual({
    added: nothing,
    undone: nothing,
    files: nothing,
  })
  expect(await source.compare(repository, base, sha('1'.repeat(40)))).toBeNull()
})

it('shows so many commits and files, and counts all', async () => {
  await using sample = await sampleRepository({ files: { first: '1' } })
  const { source } = await testSource()
  const repository = remoteRepository(sample.url)
  const base = sha(await sample.git('rev-parse', 'HEAD'))
  await source.fetchCommit(repository, base, null)
  const files = Object.fromEntries(Array.from({ length: 350 }, (_, index) => [`f${index}`, 'x\n']))
  await sample.commit(files, 'Many files')
  for (let count = 0; count < 105; count += 1)
    await sample.git('commit', '-q', '--allow-empty', '-m', `c${count}`)
  const next = sha(await sample.git('rev-parse', 'HEAD'))
  await source.fetchCommit(repository, next, null)
  const found = await source.compare(repository, base, next)
  expect([found?.added.total, found?.added.items.length]).toEqual([106, 100])
  expect([found?.files.total, found?.files.items.length]).toEqual([350, 300])
})
