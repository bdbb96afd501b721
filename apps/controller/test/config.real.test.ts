/** Env and secrets over the API. */
import { type Route, routes } from '@tagship/api'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ApiUnderTest, startApi } from './api-under-test.ts'

let api: ApiUnderTest
const params = { app: 'shop' }
beforeAll(async () => {
  api = await startApi()
  await api.client().addApp({ body: { name: 'shop' } })
})
afterAll(() => api?.[Symbol.asyncDispose]())

test('env values are set, shown and unset; several are one change', async () => {
  const client = api.client('deployer')
  const change = await client.changeEnv({ params, body: { env: { A: '1', B: 'two words', C: null } } })
  expect(change).toEqual({ changed: ['A', 'B'], effect: 'stored', deployment: null })
  const env = await api.client('viewer').listEnv({ params })
  expect(env).toMatchObject({
    items: [
      { name: 'A', value: '1', liveValue: null, setBy: 'deployer' },
      { name: 'B', value: 'two words', liveValue: null, setBy: 'deployer' },
    ],
    live: null,
    notLive: [],
  })
  await client.changeEnv({ params, body: { env: { A: null } } })
  expect((await client.listEnv({ params })).items.map(({ name }) => name)).toEqual(['B'])
})

test('a viewer changes neither', async () => {
  const client = api.client('viewer')
  await expect(client.changeEnv({ params, body: { env: { A: '1' } } })).rejects.toMatchObject({
    code: 'auth.forbidden',
  })
  await expect(client.changeSecrets({ params, body: { secrets: { A: '1' } } })).rejects.toMatchObject({
    code: 'auth.forbidden',
  })
})

test.each([
  [{ '1A': 'x' }, 'config.nameInvalid'],
  [{ PORT: 'x' }, 'config.nameReserved'],
  [{ TAGSHIP_URL: 'x' }, 'config.nameReserved'],
  [{ A: 'hunter2\0' }, 'config.valueInvalid'],
  [{ A: 'x'.repeat(65_537) }, 'config.tooLarge'],
  [{ B: 'x' }, 'config.nameTaken'],
] as const)('%.40j is refused with %s, without the value', async (secrets, code) => {
  const asked = api.client('deployer').changeSecrets({ params, body: { secrets: { ...secrets } } })
  await expect(asked).rejects.toMatchObject({
    code,
    exitCode: 2,
    detail: expect.not.stringContaining('hunter'),
  })
})

test('the value of a secret is in no answer and in no audit entry', async () => {
  const client = api.client('deployer')
  const value = 'hunter2-of-the-shop'
  const body = { secrets: { TOKEN: value }, deploy: false, reason: 'first' }
  const idempotencyKey = 'once'
  const first = await client.changeSecrets({ params, body, idempotencyKey })
  expect(first).toEqual({ changed: ['TOKEN'], effect: 'stored', deployment: null })
  expect(await client.changeSecrets({ params, body, idempotencyKey })).toEqual(first)
  // What is kept of a request to compare it with a second one knows names only.
  const other = { ...body, secrets: { TOKEN: 'another' } }
  expect(await client.changeSecrets({ params, body: other, idempotencyKey })).toEqual(first)
  await client.changeSecrets({ params, body: { secrets: { TOKEN: `${value}!` } } })
  expect((await client.listSecrets({ params })).items).toMatchObject([
    { name: 'TOKEN', version: 2, liveVersion: null, readable: true, setBy: 'deployer' },
  ])

  const reads = Object.values(routes).filter(
    (route: Route) => route.method === 'GET' && !route.path.includes(':id') && route.response,
  )
  for (const { path } of reads) {
    const { body: text } = await api.server.inject({
      url: path.replace(':app', 'shop'),
      headers: { authorization: `Bearer ${api.tokens.admin}` },
    })
    expect(text, path).not.toContain('hunter2')
  }
  const audit = await api.store.listAudit({ apps: ['shop'], limit: 50 })
  expect(
    audit.find(({ action, outcome }) => action === 'changeSecrets' && outcome === 'done')?.detail,
  ).toMatchObject({ secrets: ['TOKEN'] })
  expect(
    audit.find(({ action, outcome }) => action === 'changeEnv' && outcome === 'done')?.detail,
  ).toMatchObject({ env: ['A'] })
})

test('a body that is no JSON is not told again', async () => {
  const { statusCode, body } = await api.server.inject({
    method: 'PATCH',
    url: '/api/v1/apps/shop/secrets',
    headers: { authorization: `Bearer ${api.tokens.admin}`, 'content-type': 'application/json' },
    body: '{"secrets":{"TOKEN":"hunter2"',
  })
  expect(statusCode).toBe(400)
  expect(body).not.toContain('hunter2')
})
