import { setTimeout as sleep } from 'node:timers/promises'
import { ApiError, createClient, type Route, routes } from '@tagship/api'
import { parseCommitSha, parseTagName, TagshipError } from '@tagship/domain'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiUnderTest, commit, startApi } from './api-under-test.ts'

let api: ApiUnderTest
beforeAll(async () => {
  api = await startApi(() => ({
    promote() {
      throw new Error('the password of the database is hunter2')
    },
  }))
})
afterAll(() => api?.[Symbol.asyncDispose]())

let names = 0
async function addApp(): Promise<string> {
  names += 1
  return (await api.client().addApp({ body: { name: `app-${names}`, hosts: [`app-${names}.test`] } })).name
}

describe('apps', () => {
  test('are added, changed, held and removed', async () => {
    const client = api.client()
    const name = await addApp()
    const params = { app: name }
    expect(await client.getApp({ params })).toMatchObject({
      name,
      pushUrl: `http://tagship.test/git/${name}.git`,
      urls: [`http://${name}.test:8080`],
      live: null,
      hold: null,
    })
    const body = { addHosts: ['b.test'], removeHosts: [`${name}.test`], buildArgs: { BASE: 'x' } }
    expect(await client.changeApp({ params, body })).toMatchObject({
      hosts: ['b.test'],
      buildArgs: { BASE: 'x' },
    })
    const withoutArg = await client.changeApp({ params, body: { buildArgs: { BASE: null } } })
    expect(withoutArg.buildArgs).toEqual({})
    const held = await api.client('deployer').hold({ params, body: { reason: 'freeze' } })
    expect(held.hold).toMatchObject({ by: 'deployer', reason: 'freeze' })
    expect((await client.resume({ params })).hold).toBeNull()
    expect(await client.removeApp({ params })).toBeNull()
    await expect(client.getApp({ params })).rejects.toMatchObject({
      code: 'app.notFound',
      status: 404,
      exitCode: 4,
    })
  })

  test('a password in the repository’s URL is never shown', async () => {
    const repo = 'https://anna:hunter2@example.com/shop.git'
    const app = await api.client().addApp({ body: { name: 'secretive', repo } })
    expect(app.repo).toBe('https://anna:***@example.com/shop.git')
    expect(app.poll).toEqual({ lastAt: null, error: null })
    const audit = await api.client().listAudit({ query: { app: 'secretive' } })
    expect(JSON.stringify(audit)).not.toContain('hunter2')
    expect(audit.items).toMatchObject([{ action: 'addApp', actor: 'admin', outcome: 'done' }])
  })

  test('come page by page', async () => {
    const client = api.client()
    for (let count = 0; count < 5; count += 1) await addApp()
    const all = (await client.listApps({ query: { limit: 200 } })).items.map(({ name }) => name)
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const page: Awaited<ReturnType<typeof client.listApps>> = await client.listApps({
        query: { limit: 2, ...(cursor === null ? {} : { cursor }) },
      })
      seen.push(...page.items.map(({ name }) => name))
      cursor = page.next
    } while (cursor !== null)
    expect(seen).toEqual(all)
    expect(new Set(seen).size).toBe(seen.length)
  })
})

describe('tags', () => {
  const observed = (name: string, letter = 'a') => ({
    ...{ name: parseTagName(name), refSha: letter.repeat(40), annotated: false },
    commit: parseCommitSha(letter.repeat(40)),
  })

  test('come page by page in the order of the policy, with their verdicts', async () => {
    const client = api.client()
    const params = { app: await addApp() }
    const app = await api.store.appByName(params.app)
    if (!app) throw new Error('no app')
    const names = ['release/v1.0.0', 'v1.2.0', 'v1.10.0', 'v1.9.0', 'nightly', 'v2.0.0-rc.1', 'v1.1.0']
    await api.store.observeTags(
      app,
      names.map((name) => observed(name)),
    )
    const seen: [string, string][] = []
    let cursor: string | null = null
    do {
      const page: Awaited<ReturnType<typeof client.listTags>> = await client.listTags({
        params,
        query: { limit: 2, ...(cursor === null ? {} : { cursor }) },
      })
      seen.push(...page.items.map(({ name, verdict }) => [name, verdict] as [string, string]))
      cursor = page.next
    } while (cursor !== null)
    expect(seen).toEqual([
      ['v2.0.0-rc.1', 'prerelease'],
      ['v1.10.0', 'chosen'],
      ['v1.9.0', 'older than chosen'],
      ['v1.2.0', 'older than chosen'],
      ['v1.1.0', 'older than chosen'],
      ['nightly', 'not a version'],
      ['release/v1.0.0', 'not a version'],
    ])
    const explained = await client.explainTag({ params: { ...params, tag: 'release/v1.0.0' } })
    expect(explained).toMatchObject({ tag: { verdict: 'not a version' }, observations: [{ kind: 'seen' }] })
    const unknown = client.explainTag({ params: { ...params, tag: 'v9.9.9' } })
    await expect(unknown).rejects.toMatchObject({ code: 'tag.notFound' })
  })

  test('are judged by another policy on trial, and by the new one once it is set', async () => {
    const client = api.client()
    const params = { app: await addApp() }
    const app = await api.store.appByName(params.app)
    if (!app) throw new Error('no app')
    await api.store.observeTags(app, [observed('v1.0.0'), observed('v2.0.0')])
    const policy = JSON.stringify({ range: '^1' })
    const trial = await client.tryPolicy({ params, query: { policy } })
    expect(trial).toMatchObject({ seen: 2, fit: 1, next: { tag: 'v1.0.0', maybe: false }, changed: 2 })
    for (const [bad, code] of [
      ['{', 'input.invalid'],
      ['{"order":1}', 'policy.invalid'],
      ['{"range":"newest"}', 'tagRange.invalid'],
    ] as const) {
      await expect(client.tryPolicy({ params, query: { policy: bad } })).rejects.toMatchObject({ code })
    }
    expect((await client.getApp({ params })).policy.range).toBe('*')
    const changed = await client.changeApp({ params, body: { tags: '^1', policy: { exclude: 'rc' } } })
    expect(changed).toMatchObject({ policy: { range: '^1', exclude: 'rc' }, trial: { fit: 1 } })
    expect((await client.changeApp({ params, body: { buildArgs: { A: 'b' } } })).trial).toBeNull()
  })

  test('that moved are an alert of their app, until a newer one is live', async () => {
    const client = api.client()
    const params = { app: await addApp() }
    const app = await api.store.appByName(params.app)
    if (!app) throw new Error('no app')
    await api.store.observeTags(app, [observed('v1.0.0'), observed('latest')])
    await api.store.observeTags(app, [observed('v1.0.0', 'b'), observed('latest', 'b')])
    const alerts = [{ tag: 'v1.0.0', verdict: 'moved', why: expect.stringContaining('aaaaaaa') }]
    expect((await client.getApp({ params })).alerts).toEqual(alerts)
    await client.changeApp({ params, body: { policy: { onMove: 'ignore' } } })
    expect((await client.getApp({ params })).alerts).toEqual([])
  })
})

describe('a write', () => {
  test('with one key happens once', async () => {
    const client = api.client()
    const params = { app: await addApp() }
    const input = { params, body: { tag: 'v1.0.0' }, idempotencyKey: crypto.randomUUID() }
    const [first, second] = [await client.deploy(input), await client.deploy(input)]
    expect(second).toEqual(first)
    expect((await client.listDeployments({ params })).items).toHaveLength(1)
    const other = client.deploy({ ...input, body: { tag: 'v2.0.0' } })
    await expect(other).rejects.toMatchObject({ code: 'idempotency.mismatch', status: 422 })
  })

  test('whose answer got lost happens once, however often it is asked for again', async () => {
    const losing = { times: 2 }
    await using lossy = await startApi((real) => ({
      async deploy(...input) {
        const deployment = await real.deploy(...input)
        losing.times -= 1
        if (losing.times >= 0) throw new TagshipError('database.unavailable', 'cut after the commit')
        return deployment
      },
    }))
    const client = lossy.client()
    const { name } = await client.addApp({ body: { name: 'lossy' } })
    const input = { params: { app: name }, body: { tag: 'v1.0.0' }, idempotencyKey: crypto.randomUUID() }
    for (const _ of [1, 2]) {
      await expect(client.deploy(input)).rejects.toMatchObject({ code: 'database.unavailable', status: 503 })
    }
    const made = await client.deploy(input)
    const { warnings, ...deployment } = made
    expect(warnings).toEqual([])
    expect((await client.listDeployments({ params: input.params })).items).toMatchObject([deployment])
    expect(await client.deploy(input)).toEqual(made)
  })

  test('that fails is told and audited, and nothing of the inside is', async () => {
    const params = { app: await addApp() }
    const { id } = await api.client().deploy({ params, body: {} })
    const error: unknown = await api
      .client()
      .promote({ params: { id } })
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({ code: 'internal', status: 500 })
    expect(JSON.stringify(error)).not.toContain('hunter2')
    const [entry] = await api.store.listAudit({ limit: 1 })
    expect(entry).toMatchObject({ action: 'promote', outcome: 'failed', detail: { code: 'internal' } })
    expect(JSON.stringify(entry?.detail)).not.toContain('hunter2')
  })

  test('keeps a reason that is no proper Unicode, and its audit', async () => {
    const name = await addApp()
    const response = await fetch(`${api.url}/api/v1/apps/${name}/deployments`, {
      method: 'POST',
      body: '{"reason":"\\ud800"}',
      headers: { authorization: `Bearer ${api.tokens.deployer}`, 'content-type': 'application/json' },
    })
    expect(response.status).toBe(202)
    const audit = await api.client().listAudit({ query: { app: name, limit: 1 } })
    expect(audit.items).toMatchObject([{ action: 'deploy', outcome: 'done' }])
  })

  test('with no body is one with an empty body', async () => {
    const name = await addApp()
    const response = await fetch(`${api.url}/api/v1/apps/${name}/deployments`, {
      method: 'POST',
      headers: { authorization: `Bearer ${api.tokens.deployer}` },
    })
    expect(response.status).toBe(202)
  })
})

describe('events', () => {
  test('of a deployment come from the first, with the deployment as it is', async () => {
    const client = api.client()
    const deployment = await client.deploy({ params: { app: await addApp() }, body: { tag: 'v1.0.0' } })
    const stream = await client.follow.readEvents({ query: { deployment: deployment.id, after: '0' } })
    const first = await stream.next()
    expect(first.value).toMatchObject({ event: { to: 'queued' }, deployment: { id: deployment.id, commit } })
    await api.store.claimQueued(deployment.id)
    const second = await stream.next()
    expect(second.value).toMatchObject({
      event: { from: 'queued', to: 'building' },
      deployment: { state: 'building' },
    })
    await stream.return(undefined)
  })

  test('that happen once the stream is open are not missed', async () => {
    const client = api.client()
    const params = { app: await addApp() }
    const stream = await client.follow.readEvents()
    const { id } = await client.deploy({ params, body: {} })
    const next = await stream.next()
    expect(next.value?.deployment?.id).toBe(id)
    await stream.return(undefined)
  })

  test('a reader whose connection breaks goes on where it was', async () => {
    const params = { app: await addApp() }
    const asked: (string | null)[] = []
    const cut = new AbortController()
    const client = createClient({
      url: api.url,
      token: api.tokens.viewer,
      fetch: (input, init) => {
        const headers = new Headers(init?.headers)
        asked.push(headers.get('last-event-id'))
        return fetch(input, asked.length === 1 ? { ...init, signal: cut.signal } : init)
      },
    })
    const { id } = await api.client().deploy({ params, body: {} })
    const stream = await client.follow.readEvents({ query: { deployment: id, after: '0' } })
    const first = await stream.next()
    cut.abort()
    await api.store.claimQueued(id)
    const second = await stream.next()
    expect(second.value?.event.to).toBe('building')
    expect(asked).toEqual([null, first.value?.event.id])
    await stream.return(undefined)
  })

  test('many are told once each, in their order', async () => {
    const client = api.client()
    const stream = await client.follow.readEvents()
    const params = await Promise.all([addApp(), addApp(), addApp()])
    const wanted = await Promise.all(
      params.flatMap((app) => [1, 2, 3].map(() => client.deploy({ params: { app }, body: {} }))),
    )
    const seen = new Set<string>()
    const created = new Set<string>()
    while (created.size < wanted.length) {
      const { value } = await stream.next()
      expect(seen.has(value?.event.id ?? '')).toBe(false)
      seen.add(value?.event.id ?? '')
      if (value?.event.to === 'queued' && value.event.deployment) created.add(value.event.deployment)
    }
    expect(created).toEqual(new Set(wanted.map(({ id }) => id)))
    await stream.return(undefined)
  })
})

describe('logs', () => {
  test('are read by page, followed while they grow, and end with the build', async () => {
    const client = api.client()
    const { id } = await client.deploy({ params: { app: await addApp() }, body: {} })
    const write = (...texts: string[]) =>
      api.store.appendLog(
        id,
        'build',
        texts.map((text) => ({ at: new Date(), process: null, text })),
      )
    await write('one', 'two', 'three')
    const params = { id }
    const first = await client.readLogs({ params, query: { source: 'build', limit: 2 } })
    expect(first.items.map(({ text }) => text)).toEqual(['one', 'two'])
    const rest = await client.readLogs({
      params,
      query: { source: 'build', limit: 2, after: first.next ?? '' },
    })
    expect([rest.items.map(({ text }) => text), rest.next]).toEqual([['three'], null])

    const lines: string[] = []
    const following = (async () => {
      for await (const { text } of await client.follow.readLogs({ params, query: { source: 'build' } }))
        lines.push(text)
    })()
    await expect.poll(() => lines).toEqual(['one', 'two', 'three'])
    await write('four')
    await expect.poll(() => lines).toEqual(['one', 'two', 'three', 'four'])
    await api.store.claimQueued(id)
    const claim = await api.store.claim(id, 'w', 10_000)
    if (!claim) throw new Error('it cannot be claimed')
    const change = {
      event: 'cancelRequested',
      to: 'canceling',
      actor: 'anna',
      reason: null,
      jobs: [],
    } as const
    expect(await api.store.commit(claim, change)).toBe(true)
    await following
    expect(lines).toHaveLength(4)
  })
})

describe('the server', () => {
  test('describes every route', async () => {
    const document: { paths: Record<string, Record<string, { operationId: string }>> } = JSON.parse(
      JSON.stringify(await api.client().openapi()),
    )
    for (const [name, route] of Object.entries<Route>(routes)) {
      const path = route.path.replace(/:(\w+)/g, '{$1}')
      expect(document.paths[path]?.[route.method.toLowerCase()]?.operationId, path).toBe(name)
    }
    expect(Object.keys(document.paths).filter((path) => path.startsWith('/git'))).toEqual([])
  })

  test('hands /git/ over untouched, whatever its type and size', async () => {
    const body = Buffer.alloc(400_000, 7)
    const response = await fetch(`${api.url}/git/shop.git/git-receive-pack`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/x-git-receive-pack-request' },
    })
    expect(await response.text()).toBe(`POST /git/shop.git/git-receive-pack ${body.toString('hex')}`)
  })

  test('measures its requests for who may see', async () => {
    expect(await api.client('viewer').metrics()).toContain('tagship_http_request_duration_seconds_bucket')
  })

  test('ends its streams when it closes', async () => {
    await using other = await startApi()
    const response = await fetch(`${other.url}/api/v1/events`, {
      headers: { authorization: `Bearer ${other.tokens.viewer}` },
    })
    const text = response.text().catch(() => 'cut')
    await sleep(50)
    const closed = other.server.close()
    await expect(Promise.race([closed, sleep(5_000, 'late')])).resolves.not.toBe('late')
    await text
  })
})
