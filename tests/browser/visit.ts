/** What the tests do with every page: open it signed in, keep a picture of it, hold it against the rules of access. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import axe, { type AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'
import type { Installation } from '../support/installation.ts'

const folder = fileURLToPath(new URL('screenshots', import.meta.url))

/** Every page of the context is signed in from now on. */
export async function signedIn(page: Page, { token }: Installation): Promise<void> {
  await page.context().addInitScript(`sessionStorage.setItem('tagship.token', ${JSON.stringify(token)})`)
}

/** Into a folder that git ignores, for whoever wants to see what the tests have seen. */
export async function picture(page: Page, name: string, fullPage = true): Promise<void> {
  await mkdir(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage, animations: 'disabled' })
}

/** What axe calls serious or critical, in words. */
export async function seriousFindings(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate<AxeResults>('axe.run()')
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`))
}

/** By how much the page is wider than its window. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth')
}
