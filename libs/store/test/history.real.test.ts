import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { VerifiedHistory } from '../src/index.ts'
import { change, claimNow, deployTag, driveTo, newApp, openTestStore, type TestStore } from './fixtures.ts'

let test: TestStore

beforeEach(async () => {
  test = await openTestStore()
})
afterEach(() => test[Symbol.asyncDispose]())

async function verify(): Promise<VerifiedHistory[]> {
  return Array.fromAsync(test.store.verifyHistory())
}

/** As somebody does who may do anything to the database. */
async function tamper(text: string): Promise<void> {
  await test.sql('ALTER TABLE events DISABLE TRIGGER USER')
  await test.sql(text)
  await test.sql('ALTER TABLE events ENABLE TRIGGER USER')
}

describe('the chain', () => {
  it('holds while twenty write to it at once, and its feed has no holes for a reader', async () => {
    const app = await newApp(test.store, 'shop')
    const other = await test.another()
    const { id } = await deployTag(test.store, app)
    await driveTo(test.store, id, 'building')
    const claim = await claimNow(test.store, id)
    const stores = [test.store, other]
    const writes = Array.from({ length: 20 }, (_, at) =>
      (stores[at % 2] ?? other).setHold(
        app.id,
        at % 3 ? { by: `p${at}`, reason: 'ünïcode \ud800 \0' } : null,
      ),
    )
    const commits = stores.map((store) => store.commit(claim, change('built', 'releasing')))
    expect((await Promise.all(commits)).sort()).toEqual([false, true])
    await Promise.all(writes)
    expect(await verify()).toEqual([{ app: 'shop', events: 23, broken: null }])
    const feed = await test.store.listEvents({ limit: 100 })
    expect(feed.map(({ seq }) => seq)).toEqual(Array.from({ length: 23 }, (_, at) => at + 1))
  })

  it.each([
    ['changed', `UPDATE events SET actor = 'eve' WHERE seq = 3`, 3, /was changed/],
    ['changed in its detail', `UPDATE events SET detail = '{"x":1}' WHERE seq = 2`, 2, /was changed/],
    ['removed', 'DELETE FROM events WHERE seq = 3', 3, /is missing/],
    ['removed from the end', 'DELETE FROM events WHERE seq >= 4', 4, /is missing/],
  ])('breaks where an event was %s', async (_what, text, seq, problem) => {
    const { id } = await deployTag(test.store, await newApp(test.store, 'shop'))
    await driveTo(test.store, id, 'verifying')
    await newApp(test.store, 'calm')
    await tamper(text)
    expect(await verify()).toEqual([
      { app: 'calm', events: 0, broken: null },
      { app: 'shop', events: expect.any(Number), broken: { seq, problem: expect.stringMatching(problem) } },
    ])
  })

  it('breaks where the end was rewritten whole', async () => {
    const { id } = await deployTag(test.store, await newApp(test.store, 'shop'))
    await driveTo(test.store, id, 'verifying')
    await test.sql(`UPDATE apps SET event_hash = repeat('0', 64)`)
    expect((await verify())[0]?.broken?.problem).toMatch(/written last/)
  })

  it('goes over pages', async () => {
    const app = await newApp(test.store, 'shop')
    const { id } = await deployTag(test.store, app)
    await test.store.observeTags(app, [])
    const tag = (n: number, letter: string) => ({
      name: `v1.0.${n}`,
      refSha: letter.repeat(40),
      commit: letter.repeat(40),
      annotated: false,
    })
    const seen = (letter: string) => Array.from({ length: 2_500 }, (_, n) => tag(n, letter)) as never
    await test.store.observeTags(app, seen('a'))
    await test.store.observeTags(app, seen('b'))
    expect(await verify()).toEqual([{ app: 'shop', events: 2_501, broken: null }])
    expect(await test.store.listEvents({ deploymentId: id, limit: 10 })).toHaveLength(1)
  })
})
