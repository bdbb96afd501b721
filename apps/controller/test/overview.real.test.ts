/** What pages show: apps at a glance, instances, traffic, changes, previews; on a real store, in a played world. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { TrafficSampleJson } from '@tagship/api'
import { parseCommitSha } from '@tagship/domain'
import type { AppRecord, SlotSample } from '@tagship/engine'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { deployTag, digest, driveTo } from '../../../libs/store/test/fixtures.ts'
import { type ApiUnderTest, startApi } from './api-under-test.ts'

let api: ApiUnderTest
let shop: AppRecord
const samples: SlotSample[] = []
const layer = (name: string, bytes: number) => ({ digest: `sha256:${name}`, bytes, createdBy: `RUN ${name}` })

function sampleOf(app: AppRecord, slot: 'blue' | 'green', requests: number, ups: boolean[]): SlotSample {
  const targets = ups.map((up, index) => ({ name: `${app.name}-${slot}-${index}`, up }))
  return {
    seat: app.seat,
    slot,
    requests,
    serverErrors: Math.floor(requests / 10),
    inFlight: 1,
    responseMs: 12,
    targets,
  }
}

beforeAll(async () => {
  api = await startApi(
    (real) => ({
      async rollback(app, to) {
        const [target] = await api.store.listReleases(app.id, { limit: 1, before: 2 })
        const [from] = await api.store.listReleases(app.id, { limit: 1 })
        if (!target || !from || to === 'v9')
          return real.rollback(app, to, { actor: '', reason: null, dryRun: true })
        return { deployment: null, plan: { from, to: target, kind: 'redeploy' as const, imagePresent: true } }
      },
    }),
    {
      samples: () => samples,
      images: async () => new Set([digest]),
      image: async () => ({ bytes: 30, createdAt: new Date(0), layers: [layer('a', 10), layer('b', 20)] }),
      compareCommits: async () => ({
        added: {
          items: [{ sha: 'b'.repeat(40), subject: 'Add', author: 'Anna', committedAt: new Date(0) }],
          total: 1,
        },
        undone: { items: [], total: 0 },
        files: { items: [{ path: 'a.ts', change: 'changed', insertions: 1, deletions: 2 }], total: 1 },
      }),
      instances: async () => null,
    },
  )
  const names = ['blog', 'shop', 'wiki']
  for (const name of names) await api.client().addApp({ body: { name, hosts: [`${name}.example.com`] } })
  const found = await api.store.appByName('shop')
  if (!found) throw new Error('there is no shop')
  shop = found
  for (const tag of ['v1.0.0', 'v2.0.0']) {
    await driveTo(api.store, (await deployTag(api.store, shop, tag)).id, 'live')
  }
  await api.client().deploy({ params: { app: 'blog' }, body: { tag: 'v1.0.0' } })
  await api.client().hold({ params: { app: 'wiki' }, body: { reason: 'freeze' } })
})
afterAll(() => api?.[Symbol.asyncDispose]())

/** Looks come every two seconds while somebody watches. */
async function nextLook(): Promise<TrafficSampleJson> {
  const signal = AbortSignal.timeout(20_000)
  const stream = await api.client().follow.readTraffic({ signal })
  let seen = 0
  for await (const look of stream) if (++seen === 2) return look
  throw new Error('the stream has ended')
}

describe('the overview', () => {
  test('shows every app with its slots, and counts', async () => {
    const { items, counts, next } = await api.client('viewer').readOverview()
    expect(items.map(({ app }) => app.name)).toEqual(['blog', 'shop', 'wiki'])
    expect(next).toBeNull()
    expect(counts).toEqual({ apps: 3, live: 1, underWay: 0, held: 1, alerting: 0, matching: 3 })
    const [blog, card] = items
    expect(blog).toMatchObject({ health: 'empty', progress: null, app: { queued: { state: 'queued' } } })
    const live = card?.slots.find((slot) => slot.live)
    expect(live).toMatchObject({ release: 'v2', tag: 'v2.0.0', health: 'unknown' })
    const warm = card?.slots.find((slot) => !slot.live)
    expect(warm).toMatchObject({ release: 'v1', warmUntil: expect.any(String) })
  })

  test('finds apps by name, host and live tag, and by how they are', async () => {
    const names = async (query: object) =>
      (await api.client().readOverview({ query })).items.map(({ app }) => app.name)
    expect(await names({ q: 'SHO' })).toEqual(['shop'])
    expect(await names({ q: 'wiki.example' })).toEqual(['wiki'])
    expect(await names({ q: 'v2.0' })).toEqual(['shop'])
    expect(await names({ q: '%' })).toEqual([])
    expect(await names({ show: 'held' })).toEqual(['wiki'])
    expect(await names({ show: 'underWay' })).toEqual([])
    expect(await names({ show: 'alerting' })).toEqual([])
  })

  test('comes page by page', async () => {
    const first = await api.client().readOverview({ query: { limit: 2 } })
    const second = await api.client().readOverview({ query: { limit: 2, cursor: first.next ?? '' } })
    expect([...first.items, ...second.items].map(({ app }) => app.name)).toEqual(['blog', 'shop', 'wiki'])
    expect(second.next).toBeNull()
  })
})

describe('traffic', () => {
  test('is told live, per second and slot, and shows in the overview', async () => {
    const live = (await api.store.appByName('shop'))?.liveSlot ?? 'blue'
    samples.splice(0, Number.POSITIVE_INFINITY, sampleOf(shop, live, 1_000, [true, false]))
    await nextLook()
    samples.splice(0, 1, sampleOf(shop, live, 1_200, [true, false]))
    const look = await nextLook()
    const [, seen] = look.apps
    expect(seen).toMatchObject({ app: 'shop', live, backupInUse: false })
    const card = (await api.client().readOverview({ query: { q: 'shop' } })).items[0]
    expect(card).toMatchObject({ health: 'degraded', alerts: [] })
    expect(card?.traffic?.requests.reduce((sum, one) => sum + one, 0)).toBe(200)
    expect(card?.traffic?.errors.reduce((sum, one) => sum + one, 0)).toBe(20)
    expect(card?.traffic?.requests).toHaveLength(60)
    const now = await api.client().readTraffic({ query: { app: 'shop' } })
    expect(now.apps).toMatchObject([{ app: 'shop', slots: [{ slot: live, up: 1, targets: 2, inFlight: 1 }] }])
  })

  test('a slot that cannot be reached is an alert, and so is one that stands in for it', async () => {
    const live = (await api.store.appByName('shop'))?.liveSlot ?? 'blue'
    const other = live === 'blue' ? 'green' : 'blue'
    samples.splice(0, Number.POSITIVE_INFINITY, sampleOf(shop, live, 1_200, [false]))
    await nextLook()
    const shown = async () => (await api.client().readOverview({ query: { show: 'alerting' } })).items
    expect(await shown()).toMatchObject([{ health: 'down', alerts: [{ kind: 'slotDown' }] }])
    samples.push(sampleOf(shop, other, 5, [true]))
    await nextLook()
    expect(await shown()).toMatchObject([{ health: 'degraded', alerts: [{ kind: 'backupInUse' }] }])
  })

  test('a stream that comes back goes on after what it has seen', async () => {
    const look = await nextLook()
    await sleep(2_500)
    const headers = {
      accept: 'text/event-stream',
      authorization: `Bearer ${api.tokens.viewer}`,
      'last-event-id': look.at,
    }
    const ending = new AbortController()
    const response = await fetch(`${api.url}/api/v1/traffic`, { headers, signal: ending.signal })
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    const text = (await reader?.read())?.value ?? ''
    ending.abort()
    const [, id = ''] = /^id: (.*)$/m.exec(text) ?? []
    expect(new Date(id).getTime()).toBeGreaterThan(new Date(look.at).getTime())
  })

  test('has a history by steps', async () => {
    const minute = new Date(Math.floor(Date.now() / 60_000) * 60_000 - 600_000)
    const row = { appId: shop.id, slot: 'blue' as const, requests: 60, errors: 6, responseMs: 10 }
    await api.store.recordTraffic([
      { ...row, at: minute },
      { ...row, at: new Date(minute.getTime() + 60_000), requests: 20, responseMs: 50 },
    ])
    const query = { since: minute.toISOString(), until: new Date(minute.getTime() + 300_000).toISOString() }
    const params = { app: 'shop' }
    const fine = await api.client().readTrafficHistory({ params, query })
    expect(fine).toMatchObject({ step: 60, from: minute.toISOString() })
    expect(fine.slots[0]).toEqual({
      slot: 'blue',
      requests: [60, 20, 0, 0, 0],
      errors: [6, 6, 0, 0, 0],
      responseMs: [10, 50, null, null, null],
    })
    // Counted again by who has seen less of the minute, it stays.
    await api.store.recordTraffic([{ ...row, at: minute, requests: 30, errors: 0 }])
    const again = await api.client().readTrafficHistory({ params, query })
    expect(again.slots[0]?.requests[0]).toBe(60)
    const wrong = api.client().readTrafficHistory({ params, query: { ...query, since: query.until } })
    await expect(wrong).rejects.toMatchObject({ code: 'input.invalid' })
  })
})

test('a page hears of an app whose settings have changed', async () => {
  const stream = await api.client('viewer').follow.listApps({ signal: AbortSignal.timeout(20_000) })
  await api.client().changeApp({ params: { app: 'wiki' }, body: { buildArgs: { A: 'b' } } })
  for await (const { app } of stream) {
    if (app === 'wiki') break
  }
})

describe('a deployment', () => {
  test('is listed with whether a rollback can bring it back', async () => {
    const { items } = await api.client().listDeployments({ params: { app: 'shop' } })
    expect(items.map(({ rollback }) => rollback)).toEqual([
      { possible: false, why: 'it serves now' },
      { possible: true, why: 'it has served before' },
    ])
    expect(items[0]).toMatchObject({
      serving: true,
      imageBytes: 1_000,
      durations: { queue: expect.any(Number) },
    })
    const everywhere = await api.client().listAllDeployments({ query: { state: ['queued'] } })
    expect(everywhere.items).toMatchObject([{ app: 'blog', state: 'queued' }])
  })

  test('shows its image, and what it changes', async () => {
    const [newest] = (await api.client().listDeployments({ params: { app: 'shop' } })).items
    const params = { id: newest?.id ?? '' }
    expect(await api.client().readImage({ params })).toMatchObject({
      present: true,
      layers: [{ bytes: 10 }, {}],
    })
    expect(await api.client().readChanges({ params })).toMatchObject({
      base: { name: 'v1', tag: 'v1.0.0' },
      head: { name: 'v2', tag: 'v2.0.0' },
      added: { total: 1, items: [{ subject: 'Add', author: 'Anna' }] },
      files: { total: 1, items: [{ path: 'a.ts', insertions: 1 }] },
      manifest: [],
      env: { added: [], removed: [], changed: [] },
      secrets: { added: [], removed: [], changed: [] },
      image: { before: 1_000, after: 1_000, layers: { shared: [{}, {}], added: [], removed: [] } },
    })
  })

  test('shows how its instances were probed', async () => {
    const [newest] = (await api.client().listDeployments({ params: { app: 'shop' } })).items
    const id = newest?.id ?? ''
    const attempt = {
      instance: 'shop-1',
      process: 'web',
      healthy: false,
      detail: 'refused',
      firstAt: new Date(1_000),
    }
    await api.store.recordHealth(id, [{ ...attempt, attempts: 2, lastAt: new Date(2_000) }])
    await api.store.recordHealth(id, [{ ...attempt, attempts: 5, lastAt: new Date(5_000) }])
    const { items } = await api.client().listHealthAttempts({ params: { id } })
    expect(items).toMatchObject([{ detail: 'refused', attempts: 5, lastAt: '1970-01-01T00:00:05.000Z' }])
  })

  test('a rollback is previewed without doing anything', async () => {
    const params = { app: 'shop' }
    const preview = await api.client('viewer').previewRollback({ params })
    expect(preview).toMatchObject({
      from: { name: 'v2' },
      to: { name: 'v1' },
      kind: 'redeploy',
      imagePresent: true,
      oldSlotWarm: true,
      changes: { undone: { total: 0 } },
      expected: { from: 'deployments', samples: 2, ms: expect.any(Number) },
      hold: null,
    })
    expect((await api.client().listDeployments({ params })).items).toHaveLength(2)
  })

  test('its instances are those that were recorded, where the runtime does not answer', async () => {
    const [newest] = (await api.client().listDeployments({ params: { app: 'shop' } })).items
    const made = { id: 'c1', name: 'shop-green-0', process: 'web', ordinal: 0, slot: newest?.slot ?? 'blue' }
    await api.store.recordInstances(newest?.id ?? '', [{ ...made, address: '10.0.0.9', port: 8080 } as never])
    const { items, seen } = await api.client().listInstances({ params: { app: 'shop' } })
    expect(seen).toBe(false)
    expect(items).toMatchObject([
      { name: 'shop-green-0', live: true, release: 'v2', state: 'unknown', address: '10.0.0.9', port: 8080 },
    ])
  })
})

describe('events', () => {
  test('are a page, newest first, or a stream', async () => {
    const { items, next } = await api.client('viewer').readEvents({ query: { limit: 3, app: 'shop' } })
    expect(items).toHaveLength(3)
    expect(items[0]).toMatchObject({ app: 'shop', type: 'baked', to: 'live' })
    const more = await api.client().readEvents({ query: { limit: 200, app: 'shop', cursor: next ?? '' } })
    expect(more.items.at(-1)).toMatchObject({ seq: 1 })
  })
})

describe('logs', () => {
  test('are paged backward, searched, and downloaded', async () => {
    const [newest] = (await api.client().listDeployments({ params: { app: 'shop' } })).items
    const params = { id: newest?.id ?? '' }
    const at = new Date(0)
    const lines = Array.from({ length: 25 }, (_, index) => ({
      at,
      process: 'web.0',
      text: `line ${index + 1}`,
    }))
    await api.store.appendLog(params.id, 'build', lines)
    const client = api.client('viewer')
    const source = 'build' as const
    const last = await client.readLogs({ params, query: { tail: 10, source } })
    const texts = (page: typeof last) => page.items.map(({ text }) => text)
    expect(texts(last)).toEqual(lines.slice(15).map(({ text }) => text))
    expect(last.next).toBeNull()
    const before = await client.readLogs({
      params,
      query: { before: last.previous ?? '', limit: 10, source },
    })
    expect(texts(before)).toEqual(lines.slice(5, 15).map(({ text }) => text))
    const first = await client.readLogs({
      params,
      query: { before: before.previous ?? '', limit: 10, source },
    })
    expect(texts(first)).toEqual(lines.slice(0, 5).map(({ text }) => text))
    expect(first.previous).toBeNull()
    const after = await client.readLogs({ params, query: { after: first.last ?? '', limit: 10, source } })
    expect(texts(after)).toEqual(texts(before))
    const far = Buffer.from('999999999999999').toString('base64url')
    expect((await client.readLogs({ params, query: { after: far } })).items).toEqual([])
    const found = await client.readLogs({ params, query: { q: 'LINE 2', process: 'web' } })
    expect(texts(found)).toEqual(['line 2', 'line 20', 'line 21', 'line 22', 'line 23', 'line 24', 'line 25'])
    const text = await client.downloadLogs({ params, query: { q: 'line 1' } })
    expect(text.split('\n').slice(0, 2)).toEqual([
      '1970-01-01T00:00:00.000Z web.0 line 1',
      '1970-01-01T00:00:00.000Z web.0 line 10',
    ])
  })
})

describe('the audit', () => {
  test('is filtered, and exported whole', async () => {
    const client = api.client('viewer')
    const { items } = await client.listAudit({ query: { action: 'hold', outcome: ['done'] } })
    expect(items).toMatchObject([{ action: 'hold', app: 'wiki' }])
    await api.store.appendAudit({
      actor: '=cmd()',
      action: 'x',
      app: null,
      outcome: 'done',
      detail: { a: 'b,"c"' },
    })
    const csv = await client.exportAudit({ query: { format: 'csv', action: 'x' } })
    expect(csv).toMatch(/^id,at,actor,action,app,outcome,detail\r\n\d+,[^,]+,'=cmd\(\),x,,done,"\{""a"":/)
    const lines = (await client.exportAudit({})).trimEnd().split('\n')
    const actions = lines.map((line): unknown => JSON.parse(line).action)
    expect(actions.slice(0, 3)).toEqual(['addApp', 'addApp', 'addApp'])
    expect(actions.at(-1)).toBe('x')
  })
})

describe('figures', () => {
  test('come from the history', async () => {
    const commit = parseCommitSha('a'.repeat(40))
    const committedAt = new Date(Date.now() - 3_600_000)
    await api.store.noteCommit(shop.id, commit, { subject: 'Begin', author: 'Anna', committedAt })
    const found = await api.client('viewer').readAppFigures({ params: { app: 'shop' } })
    expect(found).toMatchObject({
      app: 'shop',
      deploymentFrequency: { samples: 2 },
      changeFailureRate: { rate: 0, samples: 2, failures: 0 },
      timeToRestore: { p50: null, samples: 0 },
      successRate: { rate: 1, samples: 2 },
      toServing: { samples: 2 },
      imageSizes: [{ release: 'v1', bytes: 1_000 }, { release: 'v2' }],
    })
    expect(found.leadTime.samples).toBe(1)
    expect(found.leadTime.p50).toBeGreaterThan(3_000_000)
    expect(found.days).toHaveLength(31)
    expect(found.days.reduce((sum, { served }) => sum + served, 0)).toBe(2)
    expect(found.phases.map(({ name }) => name)).toContain('building')
  })

  test('a change that a rollback took back has failed, and was restored by it', async () => {
    const app = await api.store.appByName('wiki')
    if (!app) throw new Error('there is no wiki')
    const good = await driveTo(api.store, (await deployTag(api.store, app, 'v1.0.0')).id, 'live')
    const bad = await driveTo(api.store, (await deployTag(api.store, app, 'v1.1.0')).id, 'live')
    const back = await api.store.createDeployment({
      ...{ app, trigger: 'rollback', actor: 'anna', reason: null },
      what: { kind: 'release', releaseId: good.releaseId },
    })
    const restored = await driveTo(api.store, back?.id ?? '', 'live')
    const found = await api.client().readAppFigures({ params: { app: 'wiki' } })
    expect(found.changeFailureRate).toEqual({ rate: 0.5, samples: 2, failures: 1 })
    const time = (restored.servingAt?.getTime() ?? 0) - (bad.servingAt?.getTime() ?? 0)
    expect(found.timeToRestore).toEqual({ p50: time, p95: time, samples: 1 })
  })

  test('a window that is none is refused', async () => {
    const query = { since: '2026-01-02T00:00:00Z', until: '2026-01-01T00:00:00Z' }
    await expect(api.client().readFigures({ query })).rejects.toMatchObject({ code: 'input.invalid' })
    const long = { since: '2024-01-01T00:00:00Z' }
    await expect(api.client().readFigures({ query: long })).rejects.toMatchObject({ code: 'input.invalid' })
  })
})

test('the description of the API can be read on a page without anything from elsewhere', async () => {
  const headers = { authorization: `Bearer ${api.tokens.viewer}` }
  const page = await fetch(`${api.url}/api/docs/`, { headers })
  const html = await page.text()
  expect(page.status).toBe(200)
  expect(page.headers.get('content-security-policy')).toContain(`script-src 'self'`)
  expect(html).not.toMatch(/<script(?![^>]*\bsrc=)/)
  const sources = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, source]) => source ?? '')
  expect(sources.length).toBeGreaterThan(2)
  for (const source of sources) {
    const found = await fetch(new URL(source, page.url), { headers })
    expect([source, found.status, new URL(found.url).origin]).toEqual([source, 200, new URL(api.url).origin])
  }
  expect((await fetch(`${api.url}/api/docs/`)).status).toBe(401)
})
