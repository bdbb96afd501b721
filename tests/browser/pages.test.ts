import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBrowser, type TestBrowser } from './browser.ts'
import { overflow, picture, seriousFindings, signedIn } from './visit.ts'
import { startWorld, type World } from './world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
  await haveTraffic(world.at)
})
afterAll(() => world?.[Symbol.asyncDispose]())

/** Until the last hour has some: the router is asked more often while somebody looks on. */
async function haveTraffic({ client, fetch }: World['at']): Promise<void> {
  const signal = AbortSignal.timeout(60_000)
  const stream = await client.follow.readTraffic({ query: { app: 'shop' }, signal })
  await Promise.all(Array.from({ length: 50 }, () => fetch('shop.localhost')))
  for await (const _ of stream) {
    const [card] = (await client.readOverview({ query: { q: 'shop' } })).items
    if (card?.traffic) return
  }
}

const looks = [
  { theme: 'light', size: 'desk' },
  { theme: 'dark', size: 'desk' },
  { theme: 'light', size: 'phone' },
  { theme: 'dark', size: 'phone' },
] as const

describe.each(looks)('in $theme, on a $size', ({ theme, size }) => {
  let browser: TestBrowser
  beforeAll(async () => {
    browser = await openBrowser({ theme, size })
    await signedIn(browser.page, world.at)
  })
  afterAll(() => browser?.[Symbol.asyncDispose]())

  const check = async (name: string) => {
    const { page, complaints } = browser
    await picture(page, `${name}-${theme}-${size}`)
    expect(await seriousFindings(page)).toEqual([])
    expect(await overflow(page), 'nothing is wider than the window').toBeLessThanOrEqual(0)
    expect(complaints).toEqual([])
  }

  it('the overview shows every app, and which slot is live', async () => {
    const { page } = browser
    await page.goto(world.at.url)
    await page.getByRole('link', { name: 'shop', exact: true }).first().waitFor()
    await page.getByText('v1.2.0').first().waitFor()
    const cardOf = (app: string) =>
      page.getByRole('listitem').filter({ has: page.getByRole('link', { name: app, exact: true }) })
    await cardOf('shop').getByText('healthy').waitFor()
    await cardOf('shop')
      .getByRole('img', { name: /^\d+ requests in the last hour, 0 errors/ })
      .waitFor()
    await cardOf('blog').getByText('Nothing is live yet').waitFor()
    await check('overview')
  })

  it('an app shows its slots and its history', async () => {
    const { page } = browser
    await page.goto(`${world.at.url}/apps/shop`)
    const table = page.getByRole('table', { name: 'Deployments of shop' })
    await table.getByRole('row').filter({ hasText: 'v1.3.0' }).getByText('failed').waitFor()
    expect(await table.getByRole('row').filter({ hasText: 'LIVE' }).count()).toBe(1)
    await page.getByRole('region', { name: 'Router and slots' }).getByText('v1.2.0').waitFor()
    await check('app')
  })

  it('a deployment shows its phases, its log and its events', async () => {
    const { page } = browser
    const [failed] = (await world.at.client.listDeployments({ params: { app: 'shop' } })).items
    await page.goto(`${world.at.url}/apps/shop/deployments/${failed?.id}`)
    await page.getByText('instance.exited').waitFor()
    await page.getByRole('region', { name: 'Log' }).getByText('COPY . .').first().waitFor()
    await page.getByRole('region', { name: 'Events of the deployment' }).getByText('failed').first().waitFor()
    await check('deployment')
  })

  it('a deployment shows what its instances were found as', async () => {
    const { page } = browser
    const { items } = await world.at.client.listDeployments({ params: { app: 'shop' } })
    await page.goto(`${world.at.url}/apps/shop/deployments/${items.find(({ tag }) => tag === 'v1.2.0')?.id}`)
    const checks = page.getByRole('region', { name: 'Health checks of the deployment' })
    await checks.getByText('healthy', { exact: true }).first().waitFor()
    await check('deployment-health')
  })

  it('a deployment shows what it changed', async () => {
    const { page } = browser
    const { items } = await world.at.client.listDeployments({ params: { app: 'shop' } })
    await page.goto(`${world.at.url}/apps/shop/deployments/${items.find(({ tag }) => tag === 'v1.2.0')?.id}`)
    await page.getByRole('heading', { name: 'What changed' }).waitFor()
    await page.getByRole('heading', { name: '1 commit added' }).waitFor()
    await page.getByRole('listitem').filter({ hasText: 'VERSION' }).waitFor()
    await check('deployment-changes')
  })

  it('the rollback says what it would do', async () => {
    const { page } = browser
    await page.goto(`${world.at.url}/apps/shop`)
    await page.getByRole('button', { name: 'Roll back', exact: true }).click()
    await page.getByRole('button', { name: 'Roll back to v2' }).waitFor()
    await page.getByRole('heading', { name: '1 commit undone' }).waitFor()
    await check('rollback')
    await page.keyboard.press('Escape')
  })

  it('the search finds apps', async () => {
    const { page } = browser
    await page.goto(`${world.at.url}/apps/shop`)
    await page.getByRole('button', { name: /Search/ }).click()
    await page.getByRole('combobox', { name: 'App or command' }).fill('blo')
    await check('search')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'blog' }).waitFor()
    await check('app-empty')
  })

  it('who is not signed in sees only the sign-in', async () => {
    await using stranger = await openBrowser({ theme, size })
    const { page } = stranger
    await page.goto(`${world.at.url}/apps/shop`)
    await page.getByRole('button', { name: 'Use a token' }).click()
    await page.getByLabel('Token').fill('tsp_wrong')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('alert').waitFor()
    await picture(page, `sign-in-${theme}-${size}`)
    expect(await seriousFindings(page)).toEqual([])
    await page.getByLabel('Token').fill(world.at.token)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('heading', { name: 'shop' }).waitFor()
  })
})
