/** What a browser makes of the dashboard: how much it loads, and how soon it shows and answers something. */
import { stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { openBrowser } from '../browser/browser.ts'
import { createSeries, type SectionResult } from './section.ts'

const visits = 7
const limits = { scriptKb: 250, paintMs: 1_000, interactionMs: 100, taskMs: 100 } as const
const dist = fileURLToPath(new URL('../../apps/dashboard/dist', import.meta.url))

/** @param url of a controller that serves the dashboard, with so many apps: `app-1`, `app-2`, … */
export async function measureDashboard(url: string, token: string, apps: number): Promise<SectionResult> {
  const scripts = createSeries('KB')
  const times = createSeries('ms')
  for (let visit = 0; visit < visits; visit += 1) {
    // A browser of its own each time: nothing is in its cache.
    await using browser = await openBrowser()
    const { page, context } = browser
    await context.addInitScript(`sessionStorage.setItem('tagship.token', ${JSON.stringify(token)})`)
    await context.addInitScript(observe)
    await page.goto(url)
    await page.getByRole('link', { name: 'app-1', exact: true }).first().waitFor()
    scripts.add('script of the first load, gzipped', (await gzippedBytes(page)) / 1_000)
    times.add('largest contentful paint', await read(page, 'paint'))
    await interact(page, `app-${apps}`)
    times.add('slowest interaction', await read(page, 'interaction'))
  }
  const { rows, longestTask } = await scrollThrough(url, token)
  times.add(`longest task while ${rows.toLocaleString('en')} rows of a history are scrolled`, longestTask)
  const paint = times.median('largest contentful paint')
  const interaction = times.median('slowest interaction')
  return {
    series: [...scripts.all(), ...times.all()],
    targets: [
      {
        claim: 'script of the first load',
        unit: 'KB',
        measured: scripts.median('script of the first load, gzipped'),
        limit: { atMost: limits.scriptKb },
      },
      { claim: 'largest contentful paint', unit: 'ms', measured: paint, limit: { atMost: limits.paintMs } },
      { claim: 'interaction', unit: 'ms', measured: interaction, limit: { atMost: limits.interactionMs } },
      {
        claim: `longest task, ${rows.toLocaleString('en')} rows`,
        unit: 'ms',
        measured: longestTask,
        limit: { atMost: limits.taskMs },
      },
    ],
  }
}

const scrollingMs = 90_000

/**
 * Down a history to its end, each page as it is asked for, and then up and down in all that was loaded.
 * @returns the rows, and the longest time (W3C Long Tasks; 0: none of 50 ms) for which nothing could be drawn then
 */
async function scrollThrough(url: string, token: string): Promise<{ rows: number; longestTask: number }> {
  await using browser = await openBrowser()
  const { page, context } = browser
  await context.addInitScript(`sessionStorage.setItem('tagship.token', ${JSON.stringify(token)})`)
  await page.goto(`${url}/apps/app-1`)
  const table = page.getByRole('table', { name: 'Deployments of app-1' })
  await table.getByRole('row').nth(5).waitFor()
  const deadline = Date.now() + scrollingMs
  const isWhole = async () => (await table.getAttribute('aria-rowcount')) !== '-1'
  while (!(await isWhole()) && Date.now() < deadline) {
    await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)')
    await page.waitForTimeout(5)
  }
  const height = await page.evaluate<number>('document.documentElement.scrollHeight')
  await page.evaluate(observeTasks)
  for (const part of [0, 1, 0.5, 0.1, 0.9, 0.3, 0.7, 0, 1]) {
    await page.evaluate(`scrollTo(0, ${Math.round(height * part)})`)
    for (let turn = 0; turn < 15; turn += 1) await page.mouse.wheel(0, turn % 2 === 0 ? 900 : -700)
  }
  await page.waitForTimeout(500)
  return { rows: Math.round(height / rowHeight), longestTask: await page.evaluate<number>('longestTask') }
}

/** Pixels. */
const rowHeight = 44
const observeTasks = `
  globalThis.longestTask = 0
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longestTask = Math.max(longestTask, Math.round(duration))
  }).observe({ type: 'longtask' })
`

/** Keeps what the browser itself measures (W3C Largest Contentful Paint, Event Timing); events under 16 ms are not told. */
const observe = `
  globalThis.measured = { paint: 0, interaction: 0 }
  new PerformanceObserver((list) => {
    for (const { startTime } of list.getEntries()) measured.paint = startTime
  }).observe({ type: 'largest-contentful-paint', buffered: true })
  new PerformanceObserver((list) => {
    for (const { duration, interactionId } of list.getEntries())
      if (interactionId) measured.interaction = Math.max(measured.interaction, duration)
  }).observe({ type: 'event', durationThreshold: 16, buffered: true })
`

async function read(page: Page, what: 'paint' | 'interaction'): Promise<number> {
  // Entries come with the frame after.
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))')
  return page.evaluate<number>(`measured.${what}`)
}

/** Of what the page has loaded so far, whatever it was sent as. */
async function gzippedBytes(page: Page): Promise<number> {
  const paths = await page.evaluate<string[]>(
    `performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname)`,
  )
  const sizes = paths
    .filter((path) => path.endsWith('.js'))
    .map(async (path) => (await stat(`${dist}${path}.gz`)).size)
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}

/** As somebody does who looks for an app, once here and once there, and then for who did what. */
async function interact(page: Page, app: string): Promise<void> {
  await page.keyboard.press('ControlOrMeta+k')
  await page.keyboard.type(app, { delay: 60 })
  await page.getByRole('option', { name: app }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('searchbox', { name: 'Filter' }).click()
  await page.keyboard.type(app, { delay: 60 })
  // Lately it was deployed, too: that is told beside.
  const cards = page.getByRole('main').getByRole('list').first()
  await cards.getByRole('link', { name: 'app-1', exact: true }).waitFor({ state: 'detached' })
  await page.getByRole('link', { name: 'Audit' }).first().click()
  await page.getByRole('heading', { name: 'Audit', level: 1 }).waitFor()
}
