/** What a browser makes of the dashboard: how much it loads, and how soon it shows and answers something. */
import { stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { openBrowser } from '../browser/browser.ts'
import { createSeries, type SectionResult } from './section.ts'

const visits = 7
const limits = { scriptKb: 250, paintMs: 1_000, interactionMs: 100 } as const
const dist = fileURLToPath(new URL('../../apps/dashboard/dist', import.meta.url))

/** @param url of a controller that serves the dashboard, with many apps */
export async function measureDashboard(url: string, token: string): Promise<SectionResult> {
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
    await interact(page)
    times.add('slowest interaction', await read(page, 'interaction'))
  }
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
    ],
  }
}

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
async function interact(page: Page): Promise<void> {
  await page.keyboard.press('ControlOrMeta+k')
  await page.keyboard.type('app-17', { delay: 60 })
  await page.getByRole('option', { name: 'app-170' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('searchbox', { name: 'Filter' }).click()
  await page.keyboard.type('app-17', { delay: 60 })
  await page.getByRole('link', { name: 'app-1', exact: true }).waitFor({ state: 'detached' })
  await page.getByRole('link', { name: 'Audit' }).first().click()
  await page.getByRole('heading', { name: 'Audit', level: 1 }).waitFor()
}
