/** Signing in without a password: with a passkey, and with a certified OpenID provider that runs here. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { OidcProvider } from '../src/sign-in/better-auth.ts'
import { type ApiUnderTest, startApi } from './api-under-test.ts'
import { newAuthenticator } from './authenticator.ts'
import { browserOf } from './browser.ts'

const password = 'correct horse battery'
const origin = 'http://tagship.test'
let api: ApiUnderTest
let issuer: { readonly server: Server; readonly settings: OidcProvider }

beforeAll(async () => {
  issuer = await startIssuer()
  api = await startApi(undefined, {}, { oidc: issuer.settings })
  const { link } = await api.client().createSetUpLink()
  const wish = { link: link?.split('#')[1], name: 'anna', email: 'anna@example.com', password }
  await browserOf(api.server).post('/api/v1/set-up', wish)
})
afterAll(async () => {
  await api?.[Symbol.asyncDispose]()
  issuer?.server.closeAllConnections()
  issuer?.server.close()
})

/** Everybody who comes is whom they say, with that address. */
async function startIssuer() {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const settings = {
    id: 'oidc',
    name: 'Test',
    issuer: url,
    clientId: 'tagship',
    clientSecret: 'a client secret of tests',
  }
  const { default: Provider } = await import('oidc-provider')
  const provider = new Provider(url, {
    clients: [
      {
        client_id: settings.clientId,
        client_secret: settings.clientSecret,
        redirect_uris: [`${origin}/api/auth/callback/oidc`],
      },
    ],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true } },
    async findAccount(_context: unknown, id: string) {
      const verified = !id.startsWith('unverified-')
      const claims = { sub: id, email: id.replace('unverified-', ''), email_verified: verified, name: id }
      return { accountId: id, claims: async () => claims }
    },
  })
  server.on('request', provider.callback())
  return { server, settings }
}

/** Follows the provider’s own pages as a person would. @returns where it sends the browser back to */
async function consentAs(account: string, start: string): Promise<string> {
  const cookies = new Map<string, string>()
  let url = start
  let form: URLSearchParams | null = null
  for (let step = 0; step < 12; step += 1) {
    const response = await fetch(url, {
      redirect: 'manual',
      method: form ? 'POST' : 'GET',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form ? { body: form } : {}),
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') cookies.delete(name)
      else cookies.set(name, value)
    }
    form = null
    const location = response.headers.get('location')
    if (location) {
      url = new URL(location, url).href
      if (url.startsWith(origin)) return url
      continue
    }
    const page = await response.text()
    const action = /action="([^"]+)"/.exec(page)?.[1]
    if (!action) throw new Error(`the provider shows: ${response.status} ${page.slice(-1_000)}`)
    url = new URL(action, url).href
    form = new URLSearchParams(
      page.includes('name="login"')
        ? { prompt: 'login', login: account, password: 'x' }
        : { prompt: 'consent' },
    )
  }
  throw new Error('the provider does not come to an end')
}

async function signInAs(account: string) {
  const page = browserOf(api.server, origin)
  const wish = { provider: 'oidc', callbackURL: '/', errorCallbackURL: '/sign-in' }
  const { status, body } = await page.post('/api/auth/sign-in/social', wish)
  expect(status, JSON.stringify(body)).toBe(200)
  const back = new URL(await consentAs(account, body.url))
  const answer = await page.get(`${back.pathname}${back.search}`)
  return { page, location: String(answer.headers.location) }
}

describe('OpenID Connect', () => {
  test('signs in the user whose address the provider vouches for', async () => {
    expect((await browserOf(api.server).get('/api/v1/sign-in')).body.oidc).toEqual([
      { id: 'oidc', name: 'Test' },
    ])
    const { page, location } = await signInAs('anna@example.com')
    expect(location).toBe('/')
    expect((await page.get('/api/v1/me')).body).toMatchObject({ name: 'anna', signedInBy: 'oidc' })
    const again = await signInAs('anna@example.com')
    expect((await again.page.get('/api/v1/me')).body).toMatchObject({ name: 'anna' })
  })

  test.each(['stranger@example.com', 'unverified-anna@example.com'])(
    'does not let %s in',
    async (account) => {
      const { page, location } = await signInAs(account)
      expect(location).toMatch(/^\/sign-in\?error=/)
      expect(await page.get('/api/v1/me')).toMatchObject({ status: 401 })
    },
  )

  test('a way back that nobody set out on leads nowhere', async () => {
    const page = browserOf(api.server, origin)
    await page.get('/api/auth/callback/oidc?code=x&state=made-up')
    expect(await page.get('/api/v1/me')).toMatchObject({ status: 401 })
  })
})

describe('a passkey', () => {
  test('is kept, signs in as both factors, and is removed', async () => {
    const page = browserOf(api.server, origin)
    await page.post('/api/auth/sign-in/username', { username: 'anna', password })
    const key = newAuthenticator(origin)
    const options = (await page.get('/api/auth/passkey/generate-register-options?name=laptop')).body
    expect(options.rp.id).toBe('tagship.test')
    const kept = await page.post('/api/auth/passkey/verify-registration', {
      response: key.create(options),
      name: 'laptop',
    })
    expect(kept.status, JSON.stringify(kept.body)).toBe(200)
    const [listed] = (await page.get('/api/auth/passkey/list-user-passkeys')).body
    expect(listed).toMatchObject({ name: 'laptop' })

    const next = browserOf(api.server, origin)
    const asked = (await next.get('/api/auth/passkey/generate-authenticate-options')).body
    const signed = await next.post('/api/auth/passkey/verify-authentication', { response: key.get(asked) })
    expect(signed.status, JSON.stringify(signed.body)).toBe(200)
    expect((await next.get('/api/v1/me')).body).toMatchObject({ name: 'anna', signedInBy: 'passkey' })
    const replayed = await browserOf(api.server, origin).post('/api/auth/passkey/verify-authentication', {
      response: key.get(asked),
    })
    expect(replayed.status).toBeGreaterThanOrEqual(400)

    expect(await page.post('/api/auth/passkey/delete-passkey', { id: listed.id })).toMatchObject({
      status: 200,
    })
    expect((await page.get('/api/auth/passkey/list-user-passkeys')).body).toEqual([])
  })

  test('of another site is refused', async () => {
    const page = browserOf(api.server, origin)
    const asked = (await page.get('/api/auth/passkey/generate-authenticate-options')).body
    const response = newAuthenticator('http://evil.test').get(asked)
    const answer = await page.post('/api/auth/passkey/verify-authentication', { response })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
  })
})
