/** Users and tokens at the command line, and what their roles allow there and in a push. */
import {
  createClient,
  type NewTokenJson,
  type TokenJson,
  type UserJson,
  type UserLinkJson,
} from '@tagship/api'
import { runCommand } from '@tagship/kit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { gitEnvironment } from '../support/git.ts'
import { type Installation, startInstallation } from '../support/installation.ts'
import { localBase, quickManifest, type SampleApp, sampleApp } from '../support/sample-app.ts'

let at: Installation
let shop: SampleApp
beforeAll(async () => {
  ;[at, shop] = await Promise.all([startInstallation(), sampleApp(quickManifest)])
  for (const app of ['shop', 'blog']) await at.json(['app', 'add', app, '--build-arg', await localBase()])
})
afterAll(async () => {
  await at?.[Symbol.asyncDispose]()
  await shop?.[Symbol.asyncDispose]()
})

const newToken = async (name: string, ...rights: string[]) => {
  const { secret } = await at.json<NewTokenJson>(['token', 'create', name, ...rights])
  if (secret === null) throw new Error('the secret was not shown')
  return secret
}

const pushAs = (token: string, ...refs: string[]) =>
  runCommand('git', ['push', `${at.url.replace('//', `//x:${token}@`)}/git/shop.git`, ...refs], {
    cwd: shop.folder,
    env: gitEnvironment(),
    timeout: 120_000,
  })

test('the set-up link makes the first admin, and then there is none any more', async () => {
  const { link } = await at.json<{ link: string }>(['login', '--setup-link'])
  const [address, secret = ''] = link.split('#')
  expect(address).toBe(`${at.url}/set-up`)
  const made = await fetch(`${at.url}/api/v1/set-up`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: at.url },
    body: JSON.stringify({ link: secret, name: 'anna', password: 'correct horse battery' }),
  })
  expect(made.status).toBe(201)
  const again = await at.tagship('login', '--setup-link')
  expect(again).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('auth.setUpDone') })
})

test('users are invited, changed, listed, reset and removed', async () => {
  const refused = await at.tagship('user', 'invite', 'bert')
  expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--role ROLE') })
  const invited = await at.json<UserLinkJson>(['user', 'invite', 'bert', '--app', 'shop=viewer'])
  expect(invited).toMatchObject({
    link: expect.stringContaining(`${at.url}/invite#`),
    user: { name: 'bert', role: null, apps: [{ app: 'shop', role: 'viewer' }], state: 'invited' },
  })
  expect(
    await at.json<UserJson>(['user', 'set', 'bert', '--app', 'shop=none', '--app', 'blog=deployer']),
  ).toMatchObject({
    apps: [{ app: 'blog', role: 'deployer' }],
  })
  const list = await at.tagship('user', 'list')
  expect(list.stdout).toMatch(/^anna\s+admin/m)
  expect(list.stdout).toMatch(/^bert\s+–\s+blog=deployer\s+invited/m)

  expect((await at.json<UserLinkJson>(['user', 'reset', 'bert'])).link).not.toBe(invited.link)
  expect((await at.tagship('user', 'remove', 'anna', '--yes')).stderr).toContain('user.lastAdmin')
  await at.json(['user', 'remove', 'bert', '--yes'])
  expect((await at.tagship('user', 'reset', 'bert')).exitCode).toBe(4)
})

test('a token is shown once, may do what it says, and is good for nothing once revoked', async () => {
  const secret = await newToken('ci', '--role', 'deployer', '--app', 'shop', '--expires', '90d')
  const { items } = await at.json<{ items: TokenJson[] }>(['token', 'list'])
  expect(items).toContainEqual(expect.objectContaining({ name: 'ci', role: 'deployer', apps: ['shop'] }))
  expect(JSON.stringify(items)).not.toContain(secret)

  expect((await at.tagshipAs(secret, 'hold', 'shop')).exitCode).toBe(0)
  expect((await at.tagshipAs(secret, 'resume', 'shop')).exitCode).toBe(0)
  // What one may not see is not there.
  expect((await at.tagshipAs(secret, 'hold', 'blog')).exitCode).toBe(4)
  expect((await at.tagshipAs(secret, 'app', 'add', 'mine')).exitCode).toBe(8)

  await at.json(['token', 'revoke', 'ci'])
  await expect.poll(async () => (await at.tagshipAs(secret, 'status')).exitCode, { timeout: 10_000 }).toBe(8)
})

test('a push takes the role deployer for the app', async () => {
  await shop.version('1.0.0')
  const viewer = await newToken('viewer', '--role', 'viewer')
  const stranger = await newToken('stranger', '--role', 'deployer', '--app', 'blog')
  const deployer = await newToken('deployer', '--role', 'deployer', '--app', 'shop')
  const refused = await pushAs(viewer, 'main', 'v1.0.0')
  expect(refused.exitCode).not.toBe(0)
  expect(refused.stderr).toContain('This token may not do that')
  const unknown = await pushAs(stranger, 'main', 'v1.0.0')
  expect(unknown.exitCode).not.toBe(0)
  expect(unknown.stderr).toContain('not found')
  expect((await at.client.listTags({ params: { app: 'shop' } })).items).toEqual([])

  const accepted = await pushAs(deployer, 'main', 'v1.0.0')
  expect(accepted.stderr).toContain('v1 serves')
  const [deployment] = (await at.client.listDeployments({ params: { app: 'shop' } })).items
  expect(deployment).toMatchObject({ tag: 'v1.0.0', actor: 'deployer' })
  const seen = createClient({ url: at.url, token: stranger }).listDeployments({ params: { app: 'shop' } })
  await expect(seen).rejects.toMatchObject({ code: 'app.notFound' })
})
