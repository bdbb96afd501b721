/** Hostile input at every route of the OpenAPI document: an answer in time, never a 5xx, nothing of the inside. */
import { TagshipError } from '@tagship/domain'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiUnderTest, startApi } from './api-under-test.ts'
import { browserOf } from './browser.ts'

let api: ApiUnderTest
let operations: {
  readonly name: string
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly path: string
}[]
let fields: string[]
let cookie: string

let attempts = 0
const answerWithinMs = 20_000
const runsPerRoute = Number(process.env.TAGSHIP_FUZZ_RUNS ?? 12)

beforeAll(async () => {
  const away = () => Promise.reject(new TagshipError('engine.unavailable', 'there is no engine in this test'))
  api = await startApi(undefined, { system: away })
  await api.client().addApp({ body: { name: 'shop' } })
  const { link } = await api.client().createSetUpLink()
  const page = browserOf(api.server)
  await page.post('/api/v1/set-up', {
    link: link?.split('#')[1],
    name: 'anna',
    password: 'correct horse battery',
  })
  cookie = [...page.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const document = await api.client().openapi()
  operations = Object.entries(Object(document.paths)).flatMap(([path, methods]) =>
    Object.entries(Object(methods)).map(([method, operation]) => ({
      name: String(Object(operation).operationId),
      method: method.toUpperCase() as 'GET',
      path,
    })),
  )
  fields = [
    ...new Set(
      [...JSON.stringify(document).matchAll(/"properties":\{"([^"]+)"/g)].map(([, name]) => name ?? ''),
    ),
  ]
})
afterAll(() => api?.[Symbol.asyncDispose]())

const nasty = [
  '',
  '\0',
  'a\0b',
  '\ud800',
  '../../etc/passwd',
  '..%2f..%2f',
  '%00',
  '%',
  "'; DROP TABLE apps; --",
  '$(id)',
  '--upload-pack=touch /tmp/x',
  '\r\nSet-Cookie: a=b',
  '\u001b[31m',
  '__proto__',
  'constructor',
  '<script>alert(1)</script>',
  '{{7*7}}',
  '1e309',
  '-1',
  '9'.repeat(400),
  'x'.repeat(9_000),
  '𝕏'.repeat(500),
  '\u202e\u200b',
  'http://169.254.169.254/latest/meta-data',
  'file:///etc/passwd',
  'ext::sh -c id',
]
const text = fc.oneof(fc.constantFrom(...nasty), fc.string({ unit: 'binary', maxLength: 60 }))
const leaf = fc.oneof(text, fc.integer(), fc.double(), fc.boolean(), fc.constant(null))

/** Objects with the contract's own field names come further than any others. */
const body = () =>
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.dictionary(fc.oneof(fc.constantFrom(...known()), text), deep(3), { maxKeys: 6 }),
    },
    { weight: 1, arbitrary: deep(4) },
  )
const known = () => [
  ...fields,
  ...[
    'name',
    'link',
    'password',
    'email',
    'role',
    'apps',
    'repo',
    'hosts',
    'tags',
    'tag',
    'commit',
    'reason',
    'to',
  ],
  ...[
    'env',
    'secrets',
    'username',
    'code',
    'response',
    'id',
    'provider',
    'callbackURL',
    'expiresAt',
    'disabled',
  ],
]
const deep = (depth: number): fc.Arbitrary<unknown> =>
  depth === 0
    ? leaf
    : fc.oneof(
        leaf,
        fc.array(leaf, { maxLength: 4 }),
        fc.dictionary(text, leaf, { maxKeys: 4 }),
        deep(depth - 1),
      )

const query = fc.dictionary(
  fc.constantFrom(
    'limit',
    'cursor',
    'app',
    'after',
    'before',
    'since',
    'until',
    'state',
    'expect',
    'tail',
    'x',
    'code',
    'state',
  ),
  text,
  { maxKeys: 4 },
)
const raw = fc.constantFrom(
  '{',
  '[]',
  '"x"',
  '7',
  'null',
  '[[[[',
  '{"a":',
  '{"__proto__":{"x":1}}',
  `${'['.repeat(5_000)}`,
)

describe('hostile input', () => {
  test('is answered, and is the sender’s fault, at every route', async () => {
    expect(operations.length).toBeGreaterThan(50)
    for (const operation of operations) {
      await fc.assert(
        fc.asyncProperty(
          fc.array(text, { minLength: 3, maxLength: 3 }),
          query,
          body(),
          raw,
          fc.nat(5),
          attack(operation),
        ),
        { numRuns: runsPerRoute, endOnFailure: true },
      )
    }
  }, 560_000)

  test('in headers as well', async () => {
    const headers = [
      { authorization: 'Bearer \x7f' },
      { authorization: `Bearer ${'x'.repeat(5_000)}` },
      { authorization: 'Basic ====' },
      { cookie: `tagship.session_token=${'%'.repeat(300)}` },
      { cookie: 'tagship.session_token=%E0%A4%A.x; a=b' },
      { cookie: 'tagship.session_token=__proto__.AAAA' },
      { 'idempotency-key': 'x'.repeat(500), authorization: `Bearer ${api.tokens.admin}` },
      { 'content-type': 'text/plain' },
      { 'content-type': 'application/json; charset=nonsense' },
      { host: '[::1' },
      { host: 'a b' },
      { 'last-event-id': '-1; x', authorization: `Bearer ${api.tokens.admin}` },
    ]
    for (const given of headers) {
      for (const [method, url] of [
        ['GET', '/api/v1/apps'],
        ['POST', '/api/v1/apps'],
        ['POST', '/api/auth/sign-in/username'],
        ['POST', '/api/auth/sign-out'],
      ] as const) {
        const headers: Record<string, string> = { host: 'tagship.test' }
        Object.assign(headers, given)
        const payload = method === 'POST' ? { body: '{}' } : {}
        const response = await api.server.inject({ method, url, headers, ...payload })
        expect(
          response.statusCode,
          `${url} ${JSON.stringify(given).slice(0, 80)} ${response.body}`,
        ).toBeLessThan(500)
      }
    }
  })
})

type Operation = (typeof operations)[number]

function attack({ method, path, name }: Operation) {
  return async (
    names: string[],
    asked: Record<string, string>,
    content: unknown,
    garbage: string,
    kind: number,
  ) => {
    attempts += 1
    const parts = [...names]
    const filled = path.replace(/\{(\w+)\}/g, (_, key: string) => {
      const hostile = encodeURIComponent((parts.pop() ?? '').toWellFormed())
      return kind > 2 && key === 'app' ? 'shop' : hostile || 'x'
    })
    const search = new URLSearchParams(asked).toString()
    const url = `${filled}${method === 'GET' && search ? `?${search}` : ''}`
    const payload = kind === 0 ? garbage : JSON.stringify(content ?? null)
    const isStream = path === '/api/v1/events'
    const response = await api.server.inject({
      method,
      url,
      // Each from an address of its own: limits would answer for the routes.
      remoteAddress: `10.${(attempts >> 16) & 255}.${(attempts >> 8) & 255}.${attempts & 255}`,
      // By turns with a token and with a session: both ways in are walked.
      headers: {
        host: 'tagship.test',
        accept: 'application/json',
        ...(kind % 2
          ? { authorization: `Bearer ${api.tokens.admin}` }
          : { cookie, origin: 'http://tagship.test' }),
        ...(method === 'GET' ? {} : { 'content-type': 'application/json' }),
      },
      ...(method === 'GET' ? {} : { body: payload }),
      signal: AbortSignal.timeout(isStream ? 1_000 : answerWithinMs),
    })
    const label = `${name} ${method} ${url.slice(0, 200)} ${payload.slice(0, 300)} → ${response.statusCode} ${response.body.slice(0, 300)}`
    // The engine of this test answers that it is away: that is no defect.
    const away = response.statusCode === 503 && response.body.includes('engine.unavailable')
    expect(response.statusCode < 500 || away, label).toBe(true)
    expect(response.body, label).not.toMatch(
      /node_modules|\.ts:\d+|\.mjs:\d+|at async |prisma\.|SELECT |PrismaClient/,
    )
  }
}
