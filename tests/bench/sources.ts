/** Many repositories looked at by one controller, and how soon a tag is known: by a look, a webhook, a push. */
import { createHmac, randomBytes } from 'node:crypto'
import { cp, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { runCommand } from '@tagship/kit'
import { gitEnvironment, type SampleRepository, sampleRepository } from '@tagship/tests/git'
import { type Installation, startInstallation } from '@tagship/tests/installation'
import { countPolled, measurePolling } from './polling.ts'
import { percentile, type Section, type Series } from './section.ts'

/** `TAGSHIP_BENCH_REPOSITORIES` makes a trial run of it; what the bench claims is of so many. */
const repositories = Number(process.env.TAGSHIP_BENCH_REPOSITORIES ?? 1_000)
const polledTags = Math.min(40, repositories)
const patienceMs = 6 * 60_000
const soonestPollMs = 12_000

export const sources: Section = {
  title: `${repositories} repositories over file://, looked at by one controller; from a tag to the controller's knowing of it`,
  async run({ repetitions, progress }) {
    await using sample = await sampleRepository()
    await sample.tag('v1.0.0')
    await using place = await copies(sample, repositories)
    await using installation = await startInstallation()
    progress(`adding ${repositories} apps`)
    // The range keeps tags from being deployed: they are only to be seen.
    for (let number = 1; number <= repositories; number += 1) {
      const body = { name: `watched-${number}`, repo: place.url(number), tags: '>=2' }
      await installation.client.addApp({ body })
    }
    await until(
      'every repository was looked at',
      async () => (await countPolled(installation, 0)) === repositories,
    )

    progress('looking on')
    const cost = await measurePolling(installation, `${repositories} repositories`)
    const since = Date.now()
    await sleep(soonestPollMs)
    const looks = ((await countPolled(installation, since)) * 60_000) / (Date.now() - since)

    progress('tags that are found by looking')
    const polled = await pollLatencies(installation, place)
    progress('tags that a webhook tells of')
    const told = await webhookLatencies(installation, place, repetitions * 2)
    progress('tags that are pushed')
    const pushed = await pushLatencies(installation, repetitions * 2)
    return {
      series: [
        ...cost,
        { name: 'looks at repositories', unit: 'requests/min', values: [looks] },
        ...latencies(
          'found by looking',
          's',
          polled.map((ms) => ms / 1_000),
        ),
        ...latencies('told by a webhook', 'ms', told),
        ...latencies('pushed to the hosted repository', 'ms', pushed),
      ],
      targets: [
        {
          claim: 'webhook to known, p95',
          unit: 'ms',
          measured: percentile(told, 95),
          limit: { atMost: 150 },
        },
        { claim: 'push to known, p95', unit: 'ms', measured: percentile(pushed, 95), limit: { atMost: 150 } },
      ],
    }
  },
}

function latencies(name: string, unit: 'ms' | 's', values: readonly number[]): Series[] {
  return [
    { name: `${name}: p50`, unit, values: [percentile(values, 50)] },
    { name: `${name}: p95`, unit, values: [percentile(values, 95)] },
  ]
}

interface Place extends AsyncDisposable {
  readonly url: (number: number) => string
  /** Makes a tag, as a push of somebody else does. @returns when, in milliseconds since 1970 */
  tag(number: number, name: string): Promise<number>
}

/** Repositories of their own, numbered from 1. */
async function copies(sample: SampleRepository, count: number): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'tagship-bench-'))
  const path = (number: number) => join(folder, `${number}.git`)
  for (let number = 1; number <= count; number += 1) {
    await cp(join(sample.folder, '.git'), path(number), { recursive: true })
  }
  return {
    url: (number) => pathToFileURL(path(number)).href,
    async tag(number, name) {
      const args = [`--git-dir=${path(number)}`, 'tag', name, 'main']
      const { exitCode, stderr } = await runCommand('git', args, { env: gitEnvironment() })
      if (exitCode !== 0) throw new Error(`git tag: ${stderr}`)
      return Date.now()
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

/** Tags made at any time, in repositories that had one not long ago. */
async function pollLatencies({ client }: Installation, place: Place): Promise<number[]> {
  const made: { app: string; at: number }[] = []
  for (let index = 0; index < polledTags; index += 1) {
    const number = 1 + Math.floor((index * repositories) / polledTags)
    made.push({ app: `watched-${number}`, at: await place.tag(number, 'v1.1.0') })
    await sleep(Math.random() * 500)
  }
  return Promise.all(made.map(async ({ app, at }) => (await firstSeen(client, app, 'v1.1.0')) - at))
}

async function webhookLatencies(
  { client, url }: Installation,
  place: Place,
  count: number,
): Promise<number[]> {
  const values: number[] = []
  for (let index = 0; index < count; index += 1) {
    const number = 1 + Math.floor(((index + 0.5) * repositories) / count)
    const app = `watched-${number}`
    const { secret } = await client.setWebhook({ params: { app }, body: { provider: 'github' } })
    await place.tag(number, 'v1.2.0')
    const at = Date.now()
    await deliver(`${url}/api/v1/webhooks/github/${app}`, secret ?? '')
    values.push((await firstSeen(client, app, 'v1.2.0')) - at)
  }
  return values
}

async function deliver(url: string, secret: string): Promise<void> {
  const body = JSON.stringify({ ref: 'refs/tags/v1.2.0', created: true, id: randomBytes(8).toString('hex') })
  const signature = createHmac('sha256', secret).update(body).digest('hex')
  const headers = { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${signature}` }
  const { status } = await fetch(url, { method: 'POST', body, headers })
  if (status !== 202) throw new Error(`the delivery was answered with ${status}`)
}

/** From the moment at which git has written the ref. */
async function pushLatencies(installation: Installation, count: number): Promise<number[]> {
  await using sample = await sampleRepository()
  // An installation has room for a thousand apps.
  await installation.client.removeApp({ params: { app: `watched-${repositories}` } })
  await installation.client.addApp({ body: { name: 'hosted', tags: '>=2' } })
  const values: number[] = []
  for (let index = 0; index < count; index += 1) {
    const tag = `v1.0.${index}`
    await sample.tag(tag)
    const { exitCode, stderr } = await installation.push('hosted', sample, tag)
    if (exitCode !== 0) throw new Error(`git push: ${stderr}`)
    const { mtimeMs } = await stat(join(installation.data, 'git', 'hosted.git', 'refs', 'tags', tag))
    values.push((await firstSeen(installation.client, 'hosted', tag)) - mtimeMs)
  }
  return values
}

async function firstSeen(client: Installation['client'], app: string, tag: string): Promise<number> {
  return until(`${tag} of ${app} is known`, async () => {
    const { items } = await client.listTags({ params: { app } })
    const found = items.find(({ name }) => name === tag)
    return found ? Date.parse(found.firstSeenAt) : null
  })
}

async function until<T>(what: string, look: () => Promise<T | null | false>): Promise<T> {
  const deadline = Date.now() + patienceMs
  while (Date.now() < deadline) {
    const found = await look()
    if (found) return found
    await sleep(100)
  }
  throw new Error(`it took too long until ${what}`)
}
