/** `npm run pictures`: takes the pictures of README.md anew, from an installation with a past and with traffic. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { localBase, sampleApp } from '../support/sample-app.ts'
import { openBrowser } from './browser.ts'
import { signedIn } from './visit.ts'
import { startWorld } from './world.ts'

const folder = fileURLToPath(new URL('../../docs/images', import.meta.url))
const bakesLong = 'rollout: { deadline: 5m, bake: 2m, keepWarm: 2m }\n'

await mkdir(folder, { recursive: true })
await using world = await startWorld()
const { at, shop } = world
await using others = await sampleApp(
  `processes: { web: { port: 8080, drain: 2s, health: { path: /healthz } } }\n`,
)
await others.version('2.4.0')
for (const app of ['docs', 'payments']) {
  await at.json(['app', 'add', app, '--host', `${app}.localhost`, '--build-arg', await localBase()])
  await at.push(app, others, 'v2.4.0')
}
await at.push('blog', others, 'v2.4.0')

const stopping = new AbortController()
const traffic = ['shop', 'docs', 'blog', 'payments'].map((app, index) =>
  visit(`${app}.localhost`, 30 * (index + 1)),
)
await sleep(70_000)

await using browser = await openBrowser()
const { page } = browser
await page.setViewportSize({ width: 1280, height: 800 })
await signedIn(page, at)
await page.goto(at.url)
await page.getByText('v1.2.0').first().waitFor()
await take('overview')

await shop.version('1.4.0', {
  'README.md': 'Pay by invoice.\n',
  'tagship.yaml': (await shop.git('show', 'HEAD:tagship.yaml')).replace(/^rollout:.*$/m, bakesLong),
})
const shipping = at.push('shop', shop, 'main', 'v1.4.0')
await page.goto(`${at.url}/apps/shop`)
await page.getByText('Baking').first().waitFor({ timeout: 60_000 })
await sleep(5_000)
await take('swap')

await page.getByRole('button', { name: 'Roll back', exact: true }).click()
await page.getByRole('heading', { name: /commits? undone/ }).waitFor()
await take('rollback')

await at.json(['cancel', 'shop']).catch(() => {})
await shipping
stopping.abort()
await Promise.all(traffic)

async function take(name: string): Promise<void> {
  await page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled' })
}

async function visit(host: string, everyMs: number): Promise<void> {
  while (!stopping.signal.aborted) {
    await at.fetch(host).catch(() => null)
    await sleep(everyMs)
  }
}
