import { codeOf } from '@tagship/tests/totp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiUnderTest, startApi } from './api-under-test.ts'
import { browserOf } from './browser.ts'

let api: ApiUnderTest
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api?.[Symbol.asyncDispose]())

const password = 'correct horse battery'
const secretOf = (link: string | null) => link?.split('#')[1] ?? ''
const browser = () => browserOf(api.server)

async function signedIn(username: string, secret = password) {
  const page = browser()
  expect(await page.post('/api/auth/sign-in/username', { username, password: secret })).toMatchObject({
    status: 200,
  })
  return page
}

describe('set-up', () => {
  test('a link makes the first admin, once, and signs in', async () => {
    const page = browser()
    expect((await page.get('/api/v1/sign-in')).body).toEqual({
      setUp: true,
      password: true,
      passkey: true,
      oidc: [],
    })
    const { link } = await api.client().createSetUpLink()
    expect(link).toMatch(/^http:\/\/tagship\.test\/set-up#tsl_/)
    const wish = { link: secretOf(link), name: 'anna', password }
    expect((await page.post('/api/v1/links/show', { link: wish.link })).body).toMatchObject({
      purpose: 'setUp',
    })
    const weak = await page.post('/api/v1/set-up', { ...wish, password: 'short' })
    expect(weak).toMatchObject({ status: 400, body: { code: 'auth.passwordUnfit' } })
    const taken = await page.post('/api/v1/set-up', { ...wish, name: 'admin' })
    expect(taken).toMatchObject({ status: 409, body: { code: 'actor.nameTaken' } })

    expect(await page.post('/api/v1/set-up', wish)).toMatchObject({ status: 201, body: { name: 'anna' } })
    expect((await page.get('/api/v1/me')).body).toMatchObject({
      name: 'anna',
      kind: 'user',
      role: 'admin',
      signedInBy: 'password',
      twoFactor: false,
    })
    const again = await browser().post('/api/v1/set-up', { ...wish, name: 'eve' })
    expect(again).toMatchObject({ status: 410, body: { code: 'auth.linkInvalid' } })
    await expect(api.client().createSetUpLink()).rejects.toMatchObject({ code: 'auth.setUpDone' })
    expect((await page.get('/api/v1/sign-in')).body).toMatchObject({ setUp: false })
  })

  test('nobody makes an account for themselves', async () => {
    const eve = { email: 'eve@example.com', password, name: 'eve', username: 'eve' }
    for (const path of [
      '/sign-up/email',
      '/request-password-reset',
      '/update-user',
      '/delete-user',
      '/list-sessions',
    ]) {
      expect(await browser().post(`/api/auth${path}`, eve), path).toMatchObject({ status: 401 })
      expect(await (await signedIn('anna')).post(`/api/auth${path}`, eve), path).toMatchObject({
        status: 404,
      })
    }
  })
})

describe('signing in', () => {
  test('a wrong password and an unknown name are answered alike', async () => {
    const tries = [
      { username: 'anna', password: 'wrong password' },
      { username: 'nobody', password: 'wrong password' },
      { username: 'x', password: 'wrong password' },
    ]
    const answers = []
    for (const body of tries) answers.push(await browser().post('/api/auth/sign-in/username', body))
    const [first] = answers
    expect(first).toMatchObject({ status: 401, body: { code: 'auth.wrongPassword' } })
    for (const answer of answers) expect(answer.body.code).toEqual(first?.body.code)
    const [entry] = await api.store.listAudit({ limit: 1 })
    expect(entry).toMatchObject({
      actor: 'anonymous',
      action: 'signIn',
      outcome: 'refused',
      detail: { tried: 'x' },
    })
    expect(JSON.stringify(entry?.detail)).not.toContain('wrong password')
  })

  test('the cookie is out of reach of scripts and other sites, and the answer has no token', async () => {
    const page = browser()
    const { headers, body } = await page.post('/api/auth/sign-in/username', { username: 'anna', password })
    const cookie = String(headers['set-cookie'])
    expect(cookie).toMatch(/^tagship\.session_token=/)
    for (const word of ['HttpOnly', 'SameSite=Lax', 'Path=/']) expect(cookie).toContain(word)
    expect(body.token).toBeUndefined()
    const [entry] = await api.store.listAudit({ limit: 1 })
    expect(entry).toMatchObject({
      actor: 'anna',
      action: 'signIn',
      outcome: 'done',
      detail: { by: 'password' },
    })
  })

  test('a write with a cookie has to come from the dashboard', async () => {
    const page = await signedIn('anna')
    const elsewhere = { origin: 'http://evil.test', 'sec-fetch-site': 'cross-site' }
    expect(await page.post('/api/v1/apps', { name: 'shop' }, elsewhere)).toMatchObject({
      status: 403,
      body: { code: 'auth.crossSite' },
    })
    expect(await page.post('/api/auth/sign-out', {}, elsewhere)).toMatchObject({ status: 403 })
    expect(
      await page.post('/api/auth/sign-in/username', { username: 'anna', password }, elsewhere),
    ).toMatchObject({
      status: 403,
    })
    expect(await page.post('/api/v1/apps', { name: 'shop' })).toMatchObject({ status: 201 })
    const unknown = await page.get('/api/v1/me', { host: 'evil.test' })
    expect(unknown).toMatchObject({ status: 421, body: { code: 'auth.unknownAddress' } })
  })

  test('sessions are listed, and end', async () => {
    const page = await signedIn('anna')
    const other = await signedIn('anna')
    const { items } = (await page.get('/api/v1/me/sessions')).body
    expect(items.filter(({ current }: { current: boolean }) => current)).toHaveLength(1)
    const { session } = (await other.get('/api/v1/me')).body
    expect(await page.delete(`/api/v1/me/sessions/${session}`)).toMatchObject({ status: 204 })
    expect(await other.get('/api/v1/me')).toMatchObject({ status: 401 })
    expect(await page.delete(`/api/v1/me/sessions/${session}`)).toMatchObject({ status: 404 })
    await signedIn('anna')
    expect(await page.delete('/api/v1/me/sessions')).toMatchObject({ status: 204 })
    expect((await page.get('/api/v1/me/sessions')).body.items).toHaveLength(1)
    expect(await page.post('/api/auth/sign-out')).toMatchObject({ status: 200 })
    expect(await page.get('/api/v1/me')).toMatchObject({ status: 401, body: { code: 'auth.missing' } })
  })

  test('a second factor is asked for, once it is set up', async () => {
    const page = await signedIn('anna')
    const { body } = await page.post('/api/auth/two-factor/enable', { password })
    expect(body.backupCodes.length).toBeGreaterThan(5)
    expect(await page.post('/api/auth/two-factor/verify-totp', { code: '000000' })).toMatchObject({
      status: 401,
    })
    expect(await page.post('/api/auth/two-factor/verify-totp', { code: codeOf(body.totpURI) })).toMatchObject(
      {
        status: 200,
      },
    )
    const next = browser()
    const first = await next.post('/api/auth/sign-in/username', { username: 'anna', password })
    expect(first.body).toMatchObject({ twoFactorRedirect: true })
    expect(await next.get('/api/v1/me')).toMatchObject({ status: 401 })
    expect(await next.post('/api/auth/two-factor/verify-backup-code', { code: 'nonsense' })).toMatchObject({
      status: 401,
      body: { code: 'auth.wrongCode' },
    })
    const code = body.backupCodes[0]
    expect(await next.post('/api/auth/two-factor/verify-backup-code', { code })).toMatchObject({
      status: 200,
    })
    expect((await next.get('/api/v1/me')).body).toMatchObject({ signedInBy: 'code', twoFactor: true })
    expect(await next.post('/api/auth/two-factor/disable', { password })).toMatchObject({ status: 200 })
    expect((await next.get('/api/v1/me')).body).toMatchObject({ twoFactor: false })
  })
})

describe('users', () => {
  test('are invited with a link, changed, disabled, reset and removed', async () => {
    const admin = await signedIn('anna')
    const invited = await admin.post('/api/v1/users', { name: 'bert', role: null, apps: { shop: 'viewer' } })
    expect(invited).toMatchObject({ status: 201, body: { user: { name: 'bert', state: 'invited' } } })
    const page = browser()
    const accepted = await page.post('/api/v1/invitations/accept', {
      link: secretOf(invited.body.link),
      password,
    })
    expect(accepted).toMatchObject({ status: 200, body: { name: 'bert' } })
    expect((await page.get('/api/v1/me')).body).toMatchObject({
      role: null,
      apps: [{ app: 'shop', role: 'viewer' }],
    })
    expect(await page.post('/api/v1/apps/shop/hold')).toMatchObject({ status: 403 })
    expect(await admin.patch('/api/v1/users/bert', { apps: { shop: 'deployer' } })).toMatchObject({
      status: 200,
    })
    expect(await page.post('/api/v1/apps/shop/hold')).toMatchObject({ status: 200 })
    expect(await page.get('/api/v1/users')).toMatchObject({ status: 403 })

    await admin.patch('/api/v1/users/bert', { disabled: true })
    expect(await page.get('/api/v1/me')).toMatchObject({ status: 401 })
    expect(await page.post('/api/auth/sign-in/username', { username: 'bert', password })).toMatchObject({
      status: 401,
    })
    await admin.patch('/api/v1/users/bert', { disabled: false })
    const { link } = (await admin.post('/api/v1/users/bert/link')).body
    expect((await page.post('/api/v1/links/show', { link: secretOf(link) })).body).toMatchObject({
      purpose: 'reset',
    })
    const renewed = { link: secretOf(link), password: 'another long password' }
    expect(await page.post('/api/v1/invitations/accept', renewed)).toMatchObject({ status: 200 })
    expect(await admin.delete('/api/v1/users/bert')).toMatchObject({ status: 204 })
    expect(await page.get('/api/v1/me')).toMatchObject({ status: 401 })
    expect(await admin.delete('/api/v1/users/anna')).toMatchObject({
      status: 409,
      body: { code: 'user.lastAdmin' },
    })
  })

  test('no link, password or token is kept in the clear', async () => {
    const admin = await signedIn('anna')
    const key = { 'idempotency-key': 'invite-carl' }
    const wish = { name: 'carl', role: 'viewer' }
    const { link } = (await admin.post('/api/v1/users', wish, key)).body
    const again = await admin.post('/api/v1/users', wish, key)
    expect(again).toMatchObject({ status: 201, body: { user: { name: 'carl' }, link: null } })
    const entries = JSON.stringify(await api.store.listAudit({ limit: 200 }), (_, value) =>
      typeof value === 'bigint' ? String(value) : value,
    )
    expect(entries).not.toContain(secretOf(link))
    expect(entries).not.toContain(password)
  })
})

describe('tokens', () => {
  test('do no more than their owner, and end with them', async () => {
    const admin = await signedIn('anna')
    const { link } = (await admin.post('/api/v1/users', { name: 'dora', role: 'deployer' })).body
    const dora = browser()
    await dora.post('/api/v1/invitations/accept', { link: secretOf(link), password })
    expect(await dora.post('/api/v1/tokens', { name: 'too-much', role: 'admin' })).toMatchObject({
      status: 403,
    })
    const made = await dora.post('/api/v1/tokens', { name: 'dora-ci', role: 'deployer', apps: ['shop'] })
    expect(made).toMatchObject({ status: 201, body: { token: { owner: 'dora', apps: ['shop'] } } })
    const { secret } = made.body
    const as = { authorization: `Bearer ${secret}` }
    const asToken = browser()
    expect((await asToken.get('/api/v1/me', as)).body).toMatchObject({
      name: 'dora-ci',
      kind: 'token',
      role: null,
      apps: [{ app: 'shop', role: 'deployer' }],
    })
    expect((await dora.get('/api/v1/tokens')).body.items).toHaveLength(1)
    expect((await admin.get('/api/v1/tokens')).body.items.length).toBeGreaterThan(3)
    await admin.patch('/api/v1/users/dora', { role: 'viewer' })
    const { store } = api
    await expect.poll(async () => (await store.authenticate(secret))?.apps.size, { timeout: 7_000 }).toBe(1)
    await expect
      .poll(async () => [...((await store.authenticate(secret))?.apps.values() ?? [])], { timeout: 9_000 })
      .toEqual(['viewer'])
    await admin.delete('/api/v1/users/dora')
    await expect.poll(() => store.authenticate(secret), { timeout: 9_000 }).toBeNull()
  })

  test('expire', async () => {
    const wish = { name: 'brief', role: 'viewer', apps: null, owner: null } as const
    const secret = await api.store.issueToken({ ...wish, expiresAt: new Date(Date.now() - 1_000) })
    expect(await api.store.authenticate(secret)).toBeNull()
  })
})
