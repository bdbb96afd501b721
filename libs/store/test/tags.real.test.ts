import { type ObservedTag, parseTagName } from '@tagship/domain'
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
    expect(told.map(({ type, detail }) => [type, detail])).toEqual([
      ['tagMoved', { tag: 'v1.0.0', from: commitOf('a'), to: commitOf('b') }],
      ['tagMoved', { tag: 'v1.0.0', from: commitOf('a'), to: commitOf('d') }],
    ])
    expect(await store.listAudit({ apps: ['shop'], limit: 10 })).toMatchObject([
      { action: 'tagMoved', detail: { to: commitOf('d') } },
      { action: 'tagMoved', detail: { to: commitOf('b') } },
    ])
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
