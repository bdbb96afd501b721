/** Tags, figures, audit and system: what the dashboard tells about the past, and about itself. */
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBrowser, type TestBrowser } from './browser.ts'
import { overflow, picture, seriousFindings, signedIn } from './visit.ts'
import { startWorld, type World } from './world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world?.[Symbol.asyncDispose]())

const looks = [
  { theme: 'light', size: 'desk' },
  { theme: 'dark', size: 'phone' },
] as const

describe.each(looks)('in $theme, on a $size', ({ theme, size }) => {
  let browser: TestBrowser
  beforeAll(async () => {
    browser = await openBrowser({ theme, size })
    await signedIn(browser.page, world.at)
  })
  afterAll(() => browser?.[Symbol.asyncDispose]())

  const open = async (path: string) => {
    await browser.page.goto(world.at.url + path)
    return browser.page
  }
  const check = async (name: string) => {
    const { page, complaints } = browser
    await picture(page, `${name}-${theme}-${size}`)
    expect(await seriousFindings(page)).toEqual([])
    expect(await overflow(page), 'nothing is wider than the window').toBeLessThanOrEqual(0)
    expect(complaints).toEqual([])
  }

  it('tags have a verdict, and by keyboard the way to it, rule by rule', async () => {
    const page = await open('/tags?app=shop')
    const failed = page.getByRole('row').filter({ hasText: 'v1.3.0' })
    await failed.getByText('failed before').waitFor()
    await check('tags')
    await failed.getByRole('link', { name: 'v1.3.0' }).focus()
    await page.keyboard.press('Enter')
    const rules = page.getByRole('dialog', { name: 'v1.3.0' }).getByRole('listitem')
    await rules.filter({ hasText: 'tried' }).getByText('refused').waitFor()
    await check('tag')
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
  })

  it('an app without a tag says how to make one', async () => {
    const page = await open('/tags')
    await page.getByRole('combobox', { name: 'App' }).click()
    await page.getByRole('combobox', { name: 'Part of the name' }).fill('blo')
    await page.keyboard.press('Enter')
    await page.getByText('No tag yet').waitFor()
    expect(new URL(page.url()).search).toBe('?app=blog')
    await check('tags-empty')
  })

  it('figures come from the history', async () => {
    const page = await open('/figures?app=shop')
    await page.getByText('Deployment frequency').waitFor()
    const durations = page.getByRole('table').filter({ hasText: 'until it serves' })
    await durations.getByRole('row').filter({ hasText: 'building' }).waitFor()
    await page.getByRole('group', { name: /^Deployments by day/ }).focus()
    await page.keyboard.press('ArrowRight')
    await page.getByText(/\d served, \d rolled back, 1 failed/).waitFor()
    await check('figures')
    await open('/figures?app=blog')
    await page.getByText('No deployment ended in the last 30 days').waitFor()
    await check('figures-empty')
  })

  it('the audit is filtered, exported and verified', async () => {
    const page = await open('/audit')
    await page.getByRole('row').filter({ hasText: 'blog' }).waitFor()
    await page.getByRole('button', { name: 'Verify' }).click()
    await page.getByText('Intact.').waitFor()
    await check('audit')
    await page.getByRole('searchbox', { name: 'Action' }).fill('nothingLikeIt')
    await page.getByText('Nothing in the record fits the filter.').waitFor()
    await page.getByRole('button', { name: 'Clear' }).click()
    await page.getByRole('row').filter({ hasText: 'blog' }).waitFor()
    await open('/audit?app=shop')
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Export' }).click()
    await page.getByRole('menuitem', { name: /CSV/ }).click()
    const file = await readFile(await (await download).path(), 'utf8')
    expect(file).toContain('addApp')
    expect(file).not.toContain('blog')
    expect(browser.complaints).toEqual([])
  })

  it('the system shows its parts, and what the doctor finds', async () => {
    const page = await open('/system')
    const parts = page.getByRole('listitem').filter({ hasText: 'postgres' }).first()
    await parts.getByLabel('well', { exact: true }).waitFor()
    await page.getByText('this one').waitFor()
    await page.getByRole('listitem').filter({ hasText: 'live-restore' }).waitFor()
    await check('system')
  })

  it('an app that is not there is told', async () => {
    const page = await open('/tags?app=nowhere')
    await page.getByText('There is no such thing').waitFor()
    // The browser itself complains about an answer of 404.
    browser.complaints.length = 0
  })
})
