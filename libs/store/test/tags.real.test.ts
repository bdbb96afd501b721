import { type ObservedTag, parseTagName, type TagFinding } from '@tagship/domain'
import type { AppRecord } from '@tagship/engine'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { commitOf, newApp, openTestStore, type TestStore } from './fixtures.ts'

let test: TestStore
let app: AppRecord

beforeEach(async () => {
  test = await openTestStore()
  app = await newApp(test.store, 'shop')
})
afterEach(() => test[Symbol.asyncDispose]())

function tag(name: string, letter: string, refLetter = letter): ObservedTag {
  return {
    name: parseTagName(name),
    refSha: refLetter.repeat(40),
    commit: commitOf(letter),
    annotated: refLetter !== letter,
  }
}

describe('observeTags', () => {
  it('remembers what was there first, what came later and what went', async () => {
    const { store } = test
    const first = await store.observeTags(app, [tag('v1.0.0', 'a'), tag('v1.1.0', 'b', 'c')])
    expect(first.tags).toMatchObject([
      { name: 'v1.0.0', baseline: true, movedTo: null, deletedAt: null },
      { name: 'v1.1.0', baseline: true, annotated: true, refSha: 'c'.repeat(40) },
    ])
    const second = await store.observeTags(app, [tag('v1.0.0', 'a'), tag('v2.0.0', 'd')])
    expect(second.moved).toEqual([])
    expect(second.tags).toMatchObject([
      { name: 'v1.0.0', deletedAt: null },
      { name: 'v1.1.0', deletedAt: expect.any(Date) },
      { name: 'v2.0.0', baseline: false },
    ])
    const third = await store.observeTags(app, [
      tag('v1.0.0', 'a'),
      tag('v1.1.0', 'b', 'c'),
      tag('v2.0.0', 'd'),
    ])
    expect(third.tags.map(({ deletedAt }) => deletedAt)).toEqual([null, null, null])
    expect(await store.listTags(app.id)).toEqual(third.tags)
  })

  it('blocks a tag that moves, also when it moves back, and tells it once a move', async () => {
    const { store } = test
    await store.observeTags(app, [tag('v1.0.0', 'a')])
    const away = await store.observeTags(app, [tag('v1.0.0', 'b')])
    expect(away.moved).toMatchObject([{ name: 'v1.0.0', commit: commitOf('a'), movedTo: commitOf('b') }])
    const still = await store.observeTags(app, [tag('v1.0.0', 'b'), tag('v2.0.0', 'c')])
    expect(still.moved).toEqual([])
    const back = await store.observeTags(app, [tag('v1.0.0', 'a'), tag('v2.0.0', 'c')])
    expect(back).toMatchObject({ moved: [], tags: [{ movedTo: commitOf('b') }, { movedTo: null }] })
    const further = await store.observeTags(app, [tag('v1.0.0', 'd'), tag('v2.0.0', 'c')])
    expect(further.moved).toMatchObject([{ movedTo: commitOf('d') }])
    const told = await store.listEvents({ appId: app.id, limit: 10 })
    const onMove = 'block'
    expect(told.map(({ type, detail }) => [type, detail])).toEqual([
      ['tagMoved', { tag: 'v1.0.0', from: commitOf('a'), to: commitOf('b'), onMove }],
      ['tagMoved', { tag: 'v1.0.0', from: commitOf('a'), to: commitOf('d'), onMove }],
    ])
    expect(await store.listAudit({ apps: ['shop'], limit: 10 })).toMatchObject([
      { action: 'tagMoved', detail: { to: commitOf('d') } },
      { action: 'tagMoved', detail: { to: commitOf('b') } },
    ])
    const { audit } = await store.verifyHistory()
    expect(audit).toMatchObject({ length: 2, unchained: 0, broken: null })
    expect(await store.tagObservations(app.id, 'v1.0.0')).toMatchObject(
      ['a', 'b', 'a', 'd'].map((letter, index) => ({
        kind: index === 0 ? 'seen' : 'moved',
        commit: commitOf(letter),
      })),
    )
    expect((await store.listTags(app.id))[0]).toMatchObject({
      pointsAt: commitOf('d'),
      commit: commitOf('a'),
    })
  })

  it('keeps every sight of a tag: gone, back, and made anew over the same commit', async () => {
    const { store } = test
    const tagger = { name: 'Ada', email: 'ada@example.com' }
    const createdAt = new Date('2026-01-02T03:04:05Z')
    await store.observeTags(app, [{ ...tag('v1.0.0', 'a', 'b'), tagger, createdAt }])
    await store.observeTags(app, [])
    await store.observeTags(app, [tag('v1.0.0', 'a', 'b')])
    await store.observeTags(app, [tag('v1.0.0', 'a', 'c')])
    const facts = { tag: parseTagName('v1.0.0'), refSha: 'c'.repeat(40), tagger, createdAt }
    await store.describeTags(app.id, [facts])
    await store.describeTags(app.id, [facts])
    const seen = await store.tagObservations(app.id, 'v1.0.0')
    expect(seen.map(({ kind, tagger }) => [kind, tagger?.name ?? null])).toEqual([
      ['seen', 'Ada'],
      ['deleted', 'Ada'],
      ['recreated', null],
      ['retagged', null],
      ['read', 'Ada'],
    ])
    expect(await store.listTags(app.id)).toMatchObject([
      { tagger, createdAt, movedTo: null, deletedAt: null },
    ])
    const told = await store.listEvents({ appId: app.id, limit: 10 })
    expect(told.map(({ type, detail }) => [type, detail])).toEqual([
      ['tagsDeleted', { count: 1, tags: ['v1.0.0'] }],
      ['tagsRecreated', { count: 1, tags: ['v1.0.0'] }],
    ])
    await expect(test.sql('UPDATE tag_observations SET tagger_name = NULL')).rejects.toThrow('never changed')
    await expect(test.sql('DELETE FROM tag_observations')).rejects.toThrow('never removed')
  })

  it('gives the same list as long as nothing has changed, also where another controller looked', async () => {
    const other = await test.another()
    await test.store.observeTags(app, [tag('v1.0.0', 'a')])
    const first = await other.listTags(app.id)
    await test.store.observeTags(app, [tag('v1.0.0', 'a')])
    expect(await other.listTags(app.id)).toBe(first)
    await test.store.observeTags(app, [tag('v1.0.0', 'a'), tag('v1.1.0', 'b')])
    expect(await other.listTags(app.id)).toHaveLength(2)
    expect(await other.appsWithMovedTags([app.id])).toEqual(new Set())
    await test.store.observeTags(app, [tag('v1.0.0', 'c'), tag('v1.1.0', 'b')])
    expect(await other.appsWithMovedTags([app.id])).toEqual(new Set([app.id]))
  })

  it('sees a move that hides behind a deletion', async () => {
    const { store } = test
    await store.observeTags(app, [tag('v1.0.0', 'a')])
    await store.observeTags(app, [])
    const { moved } = await store.observeTags(app, [tag('v1.0.0', 'b')])
    expect(moved).toMatchObject([{ movedTo: commitOf('b'), deletedAt: null }])
  })

  it('writes nothing when nothing changed, whatever the order', async () => {
    const { store } = test
    const seen = [tag('v1.0.0', 'a'), tag('v2.0.0', 'b')]
    await store.observeTags(app, seen)
    const rows = () => test.sql('SELECT xmin::text, name FROM tags ORDER BY name')
    const before = await rows()
    await store.observeTags(app, seen.toReversed())
    expect(await rows()).toEqual(before)
  })

  it('is seen by two controllers at once', async () => {
    const other = await test.another()
    await test.store.observeTags(app, [tag('v1.0.0', 'a')])
    const moves = await Promise.all(
      [test.store, other].map((store) => store.observeTags(app, [tag('v1.0.0', 'b')])),
    )
    expect(moves.flatMap(({ moved }) => moved)).toHaveLength(1)
  })

  it('takes 100,000 tags', async () => {
    const seen = Array.from({ length: 100_000 }, (_, n) => {
      const commit = n.toString(16).padStart(40, '0')
      return { ...tag(`v1.0.${n}`, 'a'), commit: commit as never, refSha: commit }
    })
    const timed = async (what: string, tags: readonly ObservedTag[]) => {
      const start = performance.now()
      const result = await test.store.observeTags(app, tags)
      const ms = performance.now() - start
      process.stdout.write(`100,000 tags, ${what}: ${ms.toFixed(0)} ms\n`)
      return { ...result, ms }
    }
    const first = await timed('first', seen)
    expect(first.tags).toHaveLength(100_000)
    expect(first.ms).toBeLessThan(20_000)
    const again = await timed('unchanged', seen)
    expect(again.ms).toBeLessThan(first.ms)
    const one = await timed('one more', [...seen, tag('v2.0.0', 'b')])
    expect(one.tags).toHaveLength(100_001)
    expect(one.tags.filter(({ baseline }) => !baseline)).toMatchObject([{ name: 'v2.0.0' }])
    expect(one.ms).toBeLessThan(10_000)
  })
})

describe('what was found out of a tag', () => {
  it('is kept, and told once where it speaks against the tag', async () => {
    const { store } = test
    const finding: TagFinding = {
      ...{
        tag: parseTagName('v1.0.0'),
        kind: 'signature',
        basis: 'tag',
        outcome: 'unsigned',
        why: 'no signature',
      },
      refSha: 'a'.repeat(40),
      commit: commitOf('a'),
    }
    await store.recordFinding(app.id, finding)
    await store.recordFinding(app.id, finding)
    expect(await store.tagFindings(app.id)).toEqual([finding])
    expect(await store.listEvents({ appId: app.id, limit: 10 })).toMatchObject([
      { type: 'tagRefused', detail: { tag: 'v1.0.0', verdict: 'unsigned', why: 'no signature' } },
    ])
    const passed: TagFinding = { ...finding, outcome: 'passed', why: 'Ada has signed it' }
    await store.recordFinding(app.id, passed)
    expect(await store.tagFindings(app.id)).toEqual([passed])
    expect(await store.listEvents({ appId: app.id, limit: 10 })).toHaveLength(1)
    const paths: TagFinding = { ...finding, kind: 'paths', outcome: 'passed' }
    await store.recordFinding(app.id, paths)
    const signer = { fingerprint: 'SHA256:x', kind: 'ssh', name: 'Ada', key: 'ssh-ed25519 AAAA' } as const
    await store.addSigner(app.id, signer, 'admin')
    expect(await store.tagFindings(app.id)).toEqual([paths])
    await store.recordFinding(app.id, passed)
    await store.removeSigner(app.id, signer.fingerprint)
    expect(await store.tagFindings(app.id)).toEqual([paths])
  })
})

describe('attemptedTags', () => {
  it('tells how the last deployment of a tag went, and of which commits there was one', async () => {
    const { store } = test
    const what = (tag: string, letter: string) =>
      ({ kind: 'commit', commit: commitOf(letter), tag: parseTagName(tag) }) as const
    const asked = { app, trigger: 'tag', actor: 'tagship', reason: null } as const
    expect(await store.createDeployment({ ...asked, what: what('v1.0.0', 'a') })).not.toBeNull()
    expect(await store.createDeployment({ ...asked, what: what('v1.0.0', 'a') })).toBeNull()
    expect(await store.createDeployment({ ...asked, what: what('v1.0.0', 'b') })).not.toBeNull()
    const commits = new Set([commitOf('a'), commitOf('b')])
    expect(await store.attemptedTags(app.id)).toEqual(new Map([['v1.0.0', { last: 'underWay', commits }]]))
  })
})
