import { isWrite, type Problem, type Route, routes } from '@tagship/api'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiUnderTest, startApi } from './api-under-test.ts'

let api: ApiUnderTest
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api?.[Symbol.asyncDispose]())

const all = Object.entries<Route>(routes)
const closed = all.filter(([, route]) => route.role !== null)
const id = '6f1b6c1e-6a7f-4a54-9f0a-0a5d0a5d0a5d'

async function ask(route: Pick<Route, 'method' | 'path'>, token: string | null, body?: string) {
  const url = route.path.replace(':app', 'shop').replace(':id', id)
  const response = await api.server.inject({
    method: route.method,
    url,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body }),
  })
  return { status: response.statusCode, type: response.headers['content-type'], text: response.body }
}

describe('who may do what', () => {
  test.each(closed)('%s is closed to a stranger', async (_, route) => {
    const { status, type, text } = await ask(route, null)
    expect(status).toBe(401)
    expect(type).toContain('application/problem+json')
    const problem: Problem = JSON.parse(text)
    expect(problem).toMatchObject({
      code: 'auth.missing',
      status: 401,
      instance: expect.stringMatching(/^\//),
    })
  })

  test.each(closed)('%s is closed to a wrong token', async (_, route) => {
    expect(await ask(route, 'tsp_wrong')).toMatchObject({ status: 401 })
  })

  // What touches only one’s own is for everybody; roles.real.test.ts walks all of it.
  const guarded = closed.filter(([, route]) => isWrite(route) && route.scope !== 'own')
  test.each(guarded)('%s is forbidden to a viewer', async (_, route) => {
    const { status, text } = await ask(route, api.tokens.viewer)
    expect(status).toBe(403)
    expect(JSON.parse(text)).toMatchObject({ code: 'auth.forbidden' })
  })

  test('what is not there is closed too, and a 404 for who is let in', async () => {
    const nothing = { method: 'GET', path: '/api/v1/nothing' } as const
    expect(await ask(nothing, null)).toMatchObject({ status: 401 })
    expect(await ask(nothing, api.tokens.viewer)).toMatchObject({
      status: 404,
      type: expect.stringContaining('problem+json'),
    })
  })

  test('health is open', async () => {
    expect(await ask(routes.health, null)).toMatchObject({ status: 200 })
    expect(await ask(routes.readiness, null)).toMatchObject({ status: 200 })
  })

  test('a refused write is in the audit, with who it was', async () => {
    await ask(routes.hold, api.tokens.viewer)
    const [entry] = await api.store.listAudit({ limit: 1 })
    expect(entry).toMatchObject({ actor: 'viewer', action: 'hold', app: 'shop', outcome: 'refused' })
  })

  test('strangers do not fill the audit', async () => {
    for (let count = 0; count < 130; count += 1) await ask(routes.hold, null)
    const entries = await api.store.listAudit({ limit: 500 })
    expect(entries.filter(({ actor }) => actor === 'anonymous').length).toBeLessThanOrEqual(120)
  })
})

describe('bad input is the sender’s fault', () => {
  const garbage = [
    '{',
    '[]',
    '"x"',
    '7',
    'null',
    '{"a":1}',
    '{"name":7}',
    '{"__proto__":{"a":1}}',
    `"${'x'.repeat(300_000)}"`,
  ]
  // What takes no body cannot be sent a bad one.
  const writes = all.filter(([, route]) => route.body)

  test.each(writes)('%s never fails for what is sent', async (_, route) => {
    for (const body of garbage) {
      const { status, text } = await ask(route, api.tokens.admin, body)
      expect(status, body.slice(0, 40)).toBeGreaterThanOrEqual(400)
      expect(status, `${body.slice(0, 40)} ${text}`).toBeLessThan(500)
      expect(text).not.toMatch(/node_modules|\.ts:\d/)
    }
  })

  test.each([
    '/api/v1/apps/%zz',
    '/api/v1/apps/%00',
    '/api/v1/apps/%F0%9F%98%80',
    `/api/v1/apps/${'x'.repeat(150)}`,
    '/api/v1/apps/a%2f..%2fb',
    '/api/v1/apps?limit=-1',
    '/api/v1/apps?limit=many',
    '/api/v1/apps?limit=1&limit=2',
    '/api/v1/apps?limt=1',
    '/api/v1/apps?cursor=***',
    '/api/v1/apps?cursor=AA',
    '/api/v1/apps/nope/deployments?cursor=AAAA',
    '/api/v1/audit?cursor=AAAA',
    '/api/v1/audit?app=%00',
    '/api/v1/events?after=-1',
    '/api/v1/events?after=999999999999999999999',
    '/api/v1/events?app=nope',
    '/api/v1/deployments/7',
    `/api/v1/deployments/${id}/logs?after=!`,
    `/api/v1/deployments/${id}/logs?source=nothing`,
  ])('GET %s', async (path) => {
    const { status, type, text } = await ask({ method: 'GET', path }, api.tokens.viewer)
    expect(status, text).toBeGreaterThanOrEqual(400)
    expect(status, text).toBeLessThan(500)
    expect(type).toContain('problem+json')
  })

  test.each([
    [routes.addApp, { name: 'shop', buildArgs: { BASE: 'a\0b' } }],
    [routes.addApp, { name: 'a\0b' }],
    [routes.addApp, { name: 'shop', hosts: ['a\0b'] }],
    [routes.deploy, { tag: 'v1\0' }],
    [routes.deploy, { tag: '--upload-pack=x' }],
    [routes.deploy, { reason: 'a\0b' }],
    [routes.deploy, { reason: '\ud800' }],
    [routes.deploy, { tag: 'v1', commit: 'a'.repeat(40) }],
    [routes.rollBack, { to: 'v1\nv2' }],
    [routes.hold, { reason: '\u001b[31m' }],
    [routes.changeEnv, { env: {} }],
    [routes.changeEnv, { env: { A: 1 } }],
    [routes.changeEnv, { env: Object.fromEntries(Array.from({ length: 501 }, (_, at) => [`A${at}`, ''])) }],
    [routes.changeEnv, { env: { A: '1' }, secrets: { B: '2' } }],
    [routes.changeSecrets, { secrets: { 'A B': '1' } }],
  ] as const)('%o', async (route, body) => {
    const { status, text } = await ask(route, api.tokens.admin, JSON.stringify(body))
    expect(status, text).toBeGreaterThanOrEqual(400)
    expect(status, text).toBeLessThan(500)
  })

  test('the field is named', async () => {
    const { status, text } = await ask(routes.addApp, api.tokens.admin, '{"name":7}')
    expect(status).toBe(400)
    expect(JSON.parse(text)).toMatchObject({ code: 'input.invalid', detail: expect.stringContaining('name') })
  })

  test('a body that is too large says so', async () => {
    const { status, text } = await ask(routes.addApp, api.tokens.admin, `{"name":"${'x'.repeat(300_000)}"}`)
    expect([status, JSON.parse(text).code]).toEqual([413, 'input.tooLarge'])
  })
})
