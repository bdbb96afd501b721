import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Store } from '../src/index.ts'
import { deployTag, newApp, openTestStore, type TestStore } from './fixtures.ts'

let test: TestStore
let store: Store

beforeAll(async () => {
  test = await openTestStore()
  store = test.store
})
afterAll(() => test[Symbol.asyncDispose]())

describe('tokens', () => {
  it('are known by their secret, which is not stored', async () => {
    expect(await store.countTokens()).toBe(0)
    const secret = await store.createToken('anna', 'deployer')
    expect(secret).toMatch(/^tsp_[\w-]{43}$/)
    expect(await store.authenticate(secret)).toMatchObject({ name: 'anna', role: 'deployer' })
    expect(await store.authenticate('tsp_guess')).toBeNull()
    expect(await store.countTokens()).toBe(1)
    const [row] = await test.sql('SELECT * FROM api_tokens')
    expect(JSON.stringify(row)).not.toContain(secret)
    expect(row?.last_used_at).toBeInstanceOf(Date)
  })

  it('of the same name is replaced', async () => {
    const first = await store.createToken('bert', 'viewer')
    const second = await store.createToken('bert', 'admin')
    expect(await store.authenticate(first)).toBeNull()
    expect(await store.authenticate(second)).toMatchObject({ name: 'bert', role: 'admin' })
  })
})

describe('idempotency', () => {
  it('does it once and answers twice', async () => {
    expect(await store.beginIdempotent('k1', 'anna', 'h')).toEqual({ kind: 'new' })
    await expect(store.beginIdempotent('k1', 'anna', 'h')).rejects.toMatchObject({ code: 'request.conflict' })
    await store.finishIdempotent('k1', 'anna', 201, { id: 7 })
    expect(await store.beginIdempotent('k1', 'anna', 'h')).toEqual({
      kind: 'replay',
      status: 201,
      response: { id: 7 },
    })
    const mismatch = store.beginIdempotent('k1', 'anna', 'other')
    await expect(mismatch).rejects.toMatchObject({ code: 'idempotency.mismatch' })
    expect(await store.beginIdempotent('k1', 'bert', 'other')).toEqual({ kind: 'new' })
  })

  it('begins one of many that come at once', async () => {
    const all = await Promise.allSettled(
      Array.from({ length: 8 }, () => store.beginIdempotent('k2', 'anna', 'h')),
    )
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it('begins again what its process did not live to finish', async () => {
    await store.beginIdempotent('k3', 'anna', 'h')
    await test.sql(`UPDATE idempotency_keys SET created_at = now() - interval '2 minutes' WHERE key = 'k3'`)
    expect(await store.beginIdempotent('k3', 'anna', 'h')).toEqual({ kind: 'new' })
    await expect(store.beginIdempotent('k3', 'anna', 'h')).rejects.toMatchObject({ code: 'request.conflict' })
  })
})

describe('audit', () => {
  it('pages from the newest', async () => {
    for (const action of ['one', 'two', 'three']) {
      await store.appendAudit({ actor: 'anna\0', action, app: 'shop', outcome: 'done', detail: { action } })
    }
    await store.appendAudit({ actor: 'anna', action: 'login', app: null, outcome: 'done', detail: {} })
    const page = await store.listAudit({ apps: ['shop'], limit: 2 })
    expect(page.map(({ action }) => action)).toEqual(['three', 'two'])
    expect(await store.listAudit({ apps: ['shop'], before: page[1]?.id, limit: 2 })).toMatchObject([
      { actor: 'anna', action: 'one', detail: { action: 'one' } },
    ])
    expect(await store.listAudit({ limit: 10 })).toHaveLength(4)
  })
})

describe('logs', () => {
  it('has one order for many writers, and keeps any text', async () => {
    const { id } = await deployTag(store, await newApp(store))
    const other = await test.another()
    const line = (text: string, process: string | null = null) => ({ at: new Date(1_000), process, text })
    await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        (n % 2 ? store : other).appendLog(id, n % 2 ? 'build' : 'instance', [
          line(`${n}a\0\ud800`),
          line(`${n}b`, 'web'),
        ]),
      ),
    )
    await store.appendLog(id, 'build', [])
    const all = await store.logs({ deploymentId: id, after: 0, limit: 100 })
    expect(all.map(({ seq }) => seq)).toEqual(Array.from({ length: 40 }, (_, at) => at + 1))
    for (let at = 0; at < all.length; at += 2) {
      expect(`${all[at]?.text.replace('a\ufffd', '')}b`).toBe(all[at + 1]?.text)
    }
    expect(all[1]).toMatchObject({ process: 'web', at: new Date(1_000) })
    expect(await store.logs({ deploymentId: id, after: 38, limit: 1 })).toMatchObject([{ seq: 39 }])
    expect(await store.logs({ deploymentId: id, after: 0, limit: 100, source: 'build' })).toHaveLength(20)
  })
})
