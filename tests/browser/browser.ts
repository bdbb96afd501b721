/** Debian's Chromium, driven through playwright-core: nothing is downloaded. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright-core'

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export interface Look {
  readonly theme?: 'light' | 'dark'
  readonly size?: 'desk' | 'phone'
}

const sizes = { desk: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } } as const

export interface TestBrowser extends AsyncDisposable {
  readonly context: BrowserContext
  readonly page: Page
  /** What the page has complained about: exceptions, errors of the console, what its policy has blocked. */
  readonly complaints: string[]
}

/** A browser with a profile of its own, and one page. Dispose of it at the end. */
export async function openBrowser({ theme = 'light', size = 'desk' }: Look = {}): Promise<TestBrowser> {
  const profile = await mkdtemp(join(tmpdir(), 'tagship-browser-'))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: flags,
    viewport: sizes[size],
    colorScheme: theme,
    hasTouch: size === 'phone',
    isMobile: size === 'phone',
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
  })
  const page = context.pages()[0] ?? (await context.newPage())
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    const text = message.text()
    // Chromium says so of whatever it is loading when an engine's bridge comes or goes on the machine.
    if (message.type() !== 'error' || text.includes('net::ERR_NETWORK_CHANGED')) return
    complaints.push(`${text} (${message.location().url})`)
  })
  return {
    context,
    page,
    complaints,
    async [Symbol.asyncDispose]() {
      await context.close()
      await rm(profile, { recursive: true, force: true })
    },
  }
}
