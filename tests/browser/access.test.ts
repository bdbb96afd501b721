/** From the set-up link to users with few rights: as people go through it, one browser each. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Installation, startInstallation } from '../support/installation.ts'
import { codeFor } from '../support/totp.ts'
import { openBrowser, type TestBrowser } from './browser.ts'
import { overflow, picture, seriousFindings } from './visit.ts'

const password = 'correct horse battery'

let at: Installation
let anna: TestBrowser
let bert: TestBrowser
beforeAll(async () => {
  ;[at, anna, bert] = await Promise.all([
    startInstallation(),
    openBrowser(),
    openBrowser({ theme: 'dark', size: 'phone' }),
  ])
  for (const app of ['shop', 'blog']) await at.client.addApp({ body: { name: app } })
})
afterAll(async () => {
  for (const one of [anna, bert, at]) await one?.[Symbol.asyncDispose]()
})

/** Where passkeys work, too: they need a name. */
const address = (path: string) => `${at.url.replace('127.0.0.1', 'localhost')}${path}`
const local = (link: string) => address(link.slice(at.url.length))

async function check({ page }: TestBrowser, name: string): Promise<void> {
  await picture(page, name)
  expect(await seriousFindings(page)).toEqual([])
  expect(await overflow(page), 'nothing is wider than the window').toBeLessThanOrEqual(0)
}

/** Chromium says of an answer that refuses something what we expect of it. */
function unexpected({ complaints }: TestBrowser): string[] {
  return complaints.filter((text) => !/status of 4\d\d/.test(text))
}

async function signIn(page: Page, name: string): Promise<void> {
  await page.getByLabel('Name or e-mail address').fill(name)
  await page.getByLabel('Password').fill(password)
  await page.keyboard.press('Enter')
}

const nameOf = (page: Page, name: string) => page.getByRole('heading', { name, level: 1 })

describe('the first admin', () => {
  it('is made by the set-up link, which works once', async () => {
    const { page } = anna
    await page.goto(address('/'))
    await page.getByText('Nobody has an account yet').waitFor()
    await check(anna, 'sign-in')
    const { link } = await at.client.createSetUpLink()
    await page.goto(local(link ?? ''))
    await page.getByText('You will be the first admin').waitFor()
    expect(page.url(), 'the secret has left the address').toBe(address('/set-up'))
    await check(anna, 'set-up')
    await page.getByLabel('Name', { exact: true }).fill('anna')
    await page.getByLabel('Password').fill(password)
    await page.getByLabel('The same again').fill('something else')
    await page.keyboard.press('Enter')
    await page.getByText('The two passwords differ').waitFor()
    await page.getByLabel('The same again').fill(password)
    await page.keyboard.press('Enter')
    await nameOf(page, 'anna').waitFor()

    await bert.page.goto(local(link ?? ''))
    await bert.page.getByText('This link cannot be used').waitFor()
  })

  it('adds a code to the password, and is asked for it', async () => {
    const { page } = anna
    const panel = page.locator('section').filter({ hasText: 'Code after the password' })
    await panel.getByLabel('Password').fill(password)
    await panel.getByRole('button', { name: 'Set it up' }).click()
    const key = (await panel.locator('p code').textContent()) ?? ''
    await check(anna, 'two-factor')
    expect(await panel.getByRole('listitem').count(), 'backup codes').toBeGreaterThan(5)
    const backup = (await panel.getByRole('listitem').first().textContent()) ?? ''
    await panel.getByLabel('Code', { exact: true }).fill(codeFor(key))
    await page.keyboard.press('Enter')
    await panel.getByText('on', { exact: true }).waitFor()

    await signOut(page)
    await signIn(page, 'anna')
    await page.getByText('One more step').waitFor()
    await page.getByRole('textbox', { name: 'Code' }).fill('000000')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').waitFor()
    await check(anna, 'code')
    await page.getByRole('textbox', { name: 'Code' }).fill(backup)
    await page.keyboard.press('Enter')
    await nameOf(page, 'anna').waitFor()
  })

  it('keeps a passkey, and signs in with it alone', async () => {
    const { page, context } = anna
    await page.goto(address('/account'))
    await nameOf(page, 'anna').waitFor()
    const devtools = await context.newCDPSession(page)
    await devtools.send('WebAuthn.enable')
    await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
      },
    })
    await page.getByLabel('Name of a new one').fill('this laptop')
    await page.keyboard.press('Enter')
    await page.getByRole('listitem').filter({ hasText: 'this laptop' }).waitFor()
    await check(anna, 'account')
    await signOut(page)
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await page.getByText('Signed in by').waitFor()
    expect(
      await page
        .getByRole('definition')
        .filter({ hasText: /^passkey$/ })
        .count(),
    ).toBe(1)
  })
})

describe('somebody who may see one app', () => {
  it('is invited, by keyboard', async () => {
    const { page } = anna
    await page.keyboard.press('g')
    await page.keyboard.press('c')
    await page.getByRole('row').filter({ hasText: 'anna' }).waitFor()
    await page.getByRole('button', { name: 'Invite' }).focus()
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name', { exact: true }).fill('bert')
    await dialog.getByRole('combobox', { name: 'Role for all apps' }).click()
    await page.getByRole('option', { name: 'none' }).click()
    await dialog.getByRole('button', { name: 'Add an app' }).click()
    await dialog.getByRole('combobox', { name: 'Role for blog' }).click()
    await page.getByRole('option', { name: 'viewer' }).click()
    await check(anna, 'invite')
    await dialog.getByRole('button', { name: 'Make the invitation' }).click()
    const link =
      (await page.getByRole('dialog', { name: 'The link for bert' }).locator('code').textContent()) ?? ''
    await page.getByRole('button', { name: 'Done' }).click()
    await page.getByRole('row').filter({ hasText: 'blog: viewer' }).waitFor()
    await check(anna, 'access')

    await bert.page.goto(local(link))
    await bert.page.getByText('Join Tagship').waitFor()
    await bert.page.getByLabel('Password').fill(password)
    await bert.page.getByLabel('The same again').fill(password)
    await check(bert, 'invitation')
    await bert.page.keyboard.press('Enter')
    await nameOf(bert.page, 'bert').waitFor()
    await check(bert, 'account-phone')
  })

  it('sees that app, and no button that would be refused', async () => {
    const { page } = bert
    await page.goto(address('/'))
    await page.getByRole('link', { name: 'blog' }).first().waitFor()
    expect(await page.getByRole('link', { name: 'shop' }).count()).toBe(0)
    await page.goto(address('/apps/blog'))
    await nameOf(page, 'blog').waitFor()
    expect(await page.getByRole('button', { name: 'Deploy' }).count()).toBe(0)
    await page.goto(address('/apps/shop'))
    await page.getByText('There is no such thing').waitFor()
    await page.goto(address('/access'))
    await page.getByText('No token').waitFor()
    expect(await page.getByRole('heading', { name: 'Users' }).count()).toBe(0)
    await check(bert, 'access-phone')
  })

  it('makes a token of their own, which is shown once and ends when it is revoked', async () => {
    const { page } = bert
    await page.getByRole('button', { name: 'New token' }).click()
    const dialog = page.getByRole('dialog', { name: 'New token' })
    await dialog.getByLabel('Name').fill('script')
    await dialog.getByRole('button', { name: 'Make the token' }).click()
    // Nobody gives away more than they have.
    await page.getByText('That did not work').first().waitFor()
    await dialog.getByRole('combobox', { name: 'App', exact: true }).click()
    await page.getByRole('option', { name: 'blog' }).click()
    await dialog.getByRole('button', { name: 'Make the token' }).click()
    const shown = page.getByRole('dialog', { name: 'The token script' })
    const secret = (await shown.locator('code').textContent()) ?? ''
    await check(bert, 'token-phone')
    await shown.getByRole('button', { name: 'Done' }).click()
    expect((await at.tagshipAs(secret, 'status', 'blog')).exitCode).toBe(0)
    await page.getByRole('row').filter({ hasText: 'script' }).getByRole('button', { name: 'Revoke' }).click()
    await page.getByText('No token').waitFor()
    await expect
      .poll(async () => (await at.tagshipAs(secret, 'status')).exitCode, { timeout: 10_000 })
      .toBe(8)
  })

  it('is out as soon as an admin says so', async () => {
    await anna.page.getByRole('button', { name: 'What can be done with bert' }).click()
    await anna.page.getByRole('menuitem', { name: 'Keep out' }).click()
    await anna.page.getByText('bert is kept out').waitFor()
    await bert.page.getByText('Sign in to Tagship').waitFor({ timeout: 15_000 })
    await signIn(bert.page, 'bert')
    await bert.page.getByRole('alert').waitFor()
    expect([...unexpected(anna), ...unexpected(bert)]).toEqual([])
  })

  it('is removed only after a second thought', async () => {
    const remove = async (answer: string) => {
      await anna.page.getByRole('button', { name: 'What can be done with bert' }).click()
      await anna.page.getByRole('menuitem', { name: 'Remove' }).click()
      const question = anna.page.getByRole('dialog', { name: 'Remove bert?' })
      await question.getByRole('button', { name: answer, exact: true }).click()
      await question.waitFor({ state: 'detached' })
    }
    await remove('Cancel')
    await anna.page.getByRole('cell', { name: 'bert', exact: true }).waitFor()
    await remove('Remove')
    await anna.page.getByRole('cell', { name: 'bert', exact: true }).waitFor({ state: 'detached' })
  })
})

async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Account and settings' }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.getByText('Sign in to Tagship').waitFor()
}
