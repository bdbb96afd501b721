/** What others forget: parts that are away, a controller that goes and comes back, five hundred apps, very long names. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type GivenServers, startGivenServers } from '../chaos/given-servers.ts'
import { type Installation, startInstallation } from '../support/installation.ts'
import { openBrowser, type TestBrowser } from './browser.ts'
import { overflow, picture, seriousFindings, signedIn } from './visit.ts'

const longName = 'a-very-long-name-of-an-app-of-forty-char'
const longHost = `${'a-label-of-a-host-name-that-is-as-long-as-one-may-ever-be-'.padEnd(62, 'x')}.example.com`
const many = 500

let servers: GivenServers
let at: Installation
let browser: TestBrowser
beforeAll(async () => {
  servers = await startGivenServers()
  at = await startInstallation({ env: servers.env })
  browser = await openBrowser()
  await signedIn(browser.page, at)
  await at.client.addApp({ body: { name: longName, hosts: [longHost] } })
})
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]()
  await at?.[Symbol.asyncDispose]()
  await servers?.[Symbol.asyncDispose]()
})

const check = async (name: string) => {
  await picture(browser.page, name, false)
  expect(await seriousFindings(browser.page)).toEqual([])
  expect(await overflow(browser.page)).toBeLessThanOrEqual(0)
}
const live = () => browser.page.getByRole('status').filter({ hasText: /^Live$/ })

it('says that the queue is away, and that it is back', async () => {
  const { page } = browser
  await page.goto(at.url)
  await live().waitFor()
  servers.redis.gateway.close('refuse')
  const notice = page.getByRole('alert').filter({ hasText: 'The queue does not answer' })
  await notice.waitFor({ timeout: 20_000 })
  await check('degraded-queue')
  servers.redis.gateway.open()
  await notice.waitFor({ state: 'detached', timeout: 30_000 })
})

it('says that Postgres is away, and goes on when it is back', async () => {
  const { page } = browser
  servers.postgres.gateway.close('refuse')
  const notice = page.getByRole('alert').filter({ hasText: 'Postgres does not answer' })
  await notice.waitFor({ timeout: 30_000 })
  await page.getByRole('link', { name: longName, exact: true }).waitFor()
  await check('degraded-postgres')
  servers.postgres.gateway.open()
  await notice.waitFor({ state: 'detached', timeout: 30_000 })
  await live().waitFor({ timeout: 30_000 })
})

it('says that the connection is lost, and shows what came meanwhile when it is back', async () => {
  const { page } = browser
  await at.tagship('down', '--data', at.data)
  await page.getByRole('status').filter({ hasText: 'Connection lost' }).waitFor({ timeout: 30_000 })
  await check('connection-lost')
  await at.up()
  await at.client.addApp({ body: { name: 'meanwhile' } })
  await live().waitFor({ timeout: 30_000 })
  await page.getByRole('link', { name: 'meanwhile', exact: true }).waitFor({ timeout: 30_000 })
})

it('shows an app that somebody adds elsewhere', async () => {
  await at.client.addApp({ body: { name: 'elsewhere' } })
  await browser.page.getByRole('link', { name: 'elsewhere', exact: true }).waitFor({ timeout: 10_000 })
})

it('has room for the longest names, on a desk and on a phone', async () => {
  await using phone = await openBrowser({ size: 'phone' })
  await signedIn(phone.page, at)
  for (const { page } of [browser, phone]) {
    await page.goto(`${at.url}/apps/${longName}`)
    await page.getByText(longHost).first().waitFor()
    expect(await overflow(page)).toBeLessThanOrEqual(0)
  }
  await check('long-names')
})

it('shows five hundred apps, and finds one of them at once', async () => {
  for (let number = 1; number <= many; number += 1) {
    await at.client.addApp({ body: { name: `app-${String(number).padStart(3, '0')}` } })
  }
  const { page } = browser
  await page.goto(at.url)
  await page.getByRole('link', { name: 'app-001', exact: true }).waitFor()
  await check('many-apps')
  const begin = Date.now()
  await page.getByRole('searchbox').first().fill('app-499')
  await page.getByRole('link', { name: 'app-499', exact: true }).waitFor()
  await page.getByRole('link', { name: 'app-001', exact: true }).waitFor({ state: 'detached' })
  expect(Date.now() - begin).toBeLessThan(2_000)
})
