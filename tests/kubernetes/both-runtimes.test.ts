import { existsSync } from 'node:fs'
import type { DeploymentJson } from '@tagship/api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { quickManifest, type SampleApp, sampleApp } from '../support/sample-app.ts'
import { type RuntimeName, startWorld, type World } from './world.ts'

const impatient = quickManifest.replace('deadline: 10s', 'deadline: 6s')
const dockerfile = (end: string) => `ARG BASE\nFROM \${BASE}\nWORKDIR /app\nCOPY . .\nUSER 1000\n${end}\n`
const scripts = (text: string) => ({
  'server.cjs': text,
  Dockerfile: dockerfile('CMD ["node", "server.cjs"]'),
  'tagship.yaml': impatient,
})
const server = (body: string) => `require('node:http').createServer((q, a) => { ${body} }).listen(8080)\n`

/** What can be wrong with a release: the words are the same wherever it runs. */
const refusals = [
  {
    what: 'an image that exits at once',
    files: scripts("console.error('my last words'); process.exit(9)\n"),
    code: 'instance.exited',
    says: /code 9[\s\S]*my last words/,
  },
  {
    // On a cluster, what /tmp holds outlives a restart of the program.
    what: 'an image that exits at once, and says nothing when it is started again',
    files: scripts(
      "const { existsSync: is, writeFileSync: set } = require('node:fs')\n" +
        "if (is('/tmp/ran')) setInterval(() => {}, 1000)\n" +
        "else { set('/tmp/ran', ''); console.error('my last words'); process.exit(9) }\n",
    ),
    code: 'instance.exited',
    says: /code 9[\s\S]*my last words/,
  },
  {
    what: 'a process that never listens',
    files: scripts('setInterval(() => {}, 1000)\n'),
    code: 'instance.notListening',
    says: /8080/,
  },
  {
    what: 'an answer of 500',
    files: scripts(server("a.statusCode = 500; a.end('no database')")),
    code: 'instance.unhealthy',
    says: /500: no database/,
  },
  {
    what: 'a process that fills its memory',
    files: {
      ...scripts('const all = []; setInterval(() => all.push(Buffer.alloc(8e6, 1)), 5)\n'),
      'tagship.yaml': impatient.replace('memory: 256m', 'memory: 64m'),
    },
    code: 'instance.outOfMemory',
    says: /memory/,
  },
  {
    what: 'a release command that fails',
    files: {
      'tagship.yaml': `release: { command: [node, -e, "console.log('no such table'); process.exit(4)"] }\n${quickManifest}`,
    },
    code: 'release.commandFailed',
    says: /code 4[\s\S]*no such table/,
  },
  {
    what: 'a release command that does not end',
    files: {
      'tagship.yaml': `release: { command: [node, -e, "setInterval(() => {}, 1000)"], timeout: 3s }\n${quickManifest}`,
    },
    code: 'release.commandTimeout',
    says: /ended after 3/,
  },
] as const

/** Where the controller kills itself; a new one carries on. */
const crashes = [
  'starting.instanceStarted',
  'switching.afterSwitch',
  'releasing.acted',
  'verifying.acted',
  'switching.beforeSwitch',
  'warm.instanceGone',
]

const around = (state: string) => ['claimed', 'acted', 'committed'].map((point) => `${state}.${point}`)

/** Every step of a deployment takes some minutes: asked for by TAGSHIP_CRASH_POINTS=all. */
const everyCrash = [
  ...['queued.claimed', 'queued.committed', 'building.claimed', 'build.claimed', 'build.built'],
  ...['building.acted', 'building.committed', 'starting.instanceStarted'],
  ...['switching.beforeSwitch', 'switching.afterSwitch', 'warm.instanceGone'],
  ...['releasing', 'starting', 'verifying', 'switching', 'draining', 'baking'].flatMap(around),
]

/** Of a rollback while the new release bakes. */
const crashesOfRevert = [
  ...around('reverting'),
  ...['reverting.beforeSwitch', 'reverting.afterSwitch', 'evicting.instanceGone'],
]

/** On the machine, the table of faults (tests/chaos) has all of them. */
const all = process.env.TAGSHIP_CRASH_POINTS === 'all'
const crashesOn = { docker: crashes.slice(0, 2), kubernetes: all ? everyCrash : crashes }
const revertCrashesOn = { docker: [], kubernetes: all ? crashesOfRevert : ['reverting.afterSwitch'] }

describe.each<RuntimeName>(['docker', 'kubernetes'])('an app on %s', (runtime) => {
  let world: World
  let shop: SampleApp
  let version = 0
  const next = () => {
    version += 1
    return `1.${version}.0`
  }
  const live = async () => (await world.fetch('shop')).version

  beforeAll(async () => {
    world = await startWorld({ ownNamespaces: true })
    shop = await sampleApp()
    await world.addApp('shop', runtime)
  })
  afterAll(async () => {
    await shop?.[Symbol.asyncDispose]()
    await world?.[Symbol.asyncDispose]()
  })

  it('goes live with the push of a tag, with its config and its release command', async () => {
    await world.at.json(['env', 'set', 'shop', 'GREETING=two words'])
    await world.ship('shop', shop, '1.0.0', {
      'tagship.yaml': `release: { command: [node, -e, "console.log('hello', process.env.GREETING)"] }\n${quickManifest}`,
    })
    expect(await live()).toBe('1.0.0')
    const { id, state } = await world.newest('shop')
    expect(state).not.toBe('failed')
    const log = await world.at.client.readLogs({ params: { id }, query: { source: 'release' } })
    expect(log.items.map(({ text }) => text)).toEqual(['hello two words'])
    expect((await world.at.tagship('logs', 'shop')).stdout).toContain('version 1.0.0 listens on port 8080')
  })

  it('is replaced by the next tag, and brought back while its slot is warm', async () => {
    const before = await live()
    await world.ship('shop', shop, next())
    expect(await live()).toBe(`1.${version}.0`)
    await world.at.json<DeploymentJson>(['rollback', 'shop', '--reason', 'test'])
    expect(await live()).toBe(before)
    expect((await world.app('shop')).hold).toMatchObject({ reason: 'test' })
    expect((await world.at.tagship('resume', 'shop')).exitCode).toBe(0)
  })

  it('is brought back from its image when nothing of it runs any more', async () => {
    const before = await live()
    await world.ship('shop', shop, next())
    await world.at.json(['deploy', 'shop', `v1.${version}.0`, '--wait=live'])
    const rolledBack = await world.at.json<DeploymentJson>(['rollback', 'shop', '--wait=serving'])
    expect(rolledBack.trigger).toBe('rollback')
    expect(await live()).toBe(before)
    expect((await world.at.tagship('resume', 'shop')).exitCode).toBe(0)
  })

  it.each(refusals)('keeps what serves where there is $what', async ({ files, code, says }) => {
    const before = await live()
    await shop.version(next(), files)
    const pushed = await world.at.push('shop', shop, `v1.${version}.0`)
    await shop.git('reset', '--quiet', '--hard', 'v1.0.0')
    expect(pushed.stderr).toContain(code)
    const { failure, state } = await world.newest('shop')
    expect(state).toBe('failed')
    expect(failure?.code).toBe(code)
    expect(failure?.message).toMatch(says)
    expect(await live()).toBe(before)
  })

  it('is seen at next.HOST by who has to promote it, and by nobody else', async () => {
    const before = await live()
    const manual = { 'tagship.yaml': quickManifest.replace('rollout: {', 'rollout: { promotion: manual,') }
    await shop.version(next(), manual)
    const pushing = world.at.push('shop', shop, `v1.${version}.0`)
    await expect
      .poll(async () => (await world.newest('shop')).state, { timeout: 40_000 })
      .toBe('awaitingPromotion')
    expect((await world.preview('shop')).version).toBe(`1.${version}.0`)
    expect(await live()).toBe(before)
    expect((await world.at.tagship('promote', 'shop')).exitCode).toBe(0)
    await pushing
    expect(await live()).toBe(`1.${version}.0`)
    await shop.version(next(), { 'tagship.yaml': quickManifest })
    expect((await world.at.push('shop', shop, `v1.${version}.0`)).stderr).toContain('serves at')
  })

  it('goes back by itself where an instance ends while it bakes', async () => {
    const before = await live()
    const files = {
      ...scripts(`${server('a.end()')}setTimeout(() => process.exit(5), 6000)\n`),
      'tagship.yaml': quickManifest.replace('bake: 1s', 'bake: 30s'),
    }
    await shop.version(next(), files)
    await world.at.push('shop', shop, `v1.${version}.0`)
    await shop.git('reset', '--quiet', '--hard', 'v1.0.0')
    await expect
      .poll(async () => (await world.newest('shop')).failure?.code, { timeout: 40_000 })
      .toBe('bake.unhealthy')
    await expect.poll(live, { timeout: 10_000 }).toBe(before)
  })

  it('goes back by itself where too many of its answers are errors', async () => {
    const before = await live()
    const files = {
      ...scripts(server("a.statusCode = q.url === '/healthz' ? 200 : 500; a.end('no database')")),
      'tagship.yaml': quickManifest.replace(
        'bake: 1s',
        'bake: 2m, analysis: { maxErrorRate: 10%, minRequests: 50 }',
      ),
    }
    await shop.version(next(), files)
    await world.at.push('shop', shop, `v1.${version}.0`)
    await shop.git('reset', '--quiet', '--hard', 'v1.0.0')
    await expect.poll(async () => (await world.newest('shop')).state, { timeout: 40_000 }).toBe('baking')
    const failing = async () => {
      expect((await world.fetch('shop')).text).toBe('no database')
      const { apps } = await world.at.client.readTraffic({ query: { app: 'shop' } })
      return apps[0]?.slots.find(({ errorsPerSecond }) => errorsPerSecond > 0)
    }
    // Whoever only looks at the figures sees it too: every ten seconds, where nobody watches.
    await expect
      .poll(failing, { timeout: 30_000, interval: 1_000 })
      .toMatchObject({ up: 2, targets: 2, responseMs: expect.any(Number) })
    expect((await world.newest('shop')).state).toBe('baking')
    for (let request = 0; request < 50; request += 1) await world.fetch('shop')
    await expect
      .poll(async () => (await world.newest('shop')).failure, { timeout: 30_000 })
      .toMatchObject({
        code: 'bake.unhealthy',
        message: expect.stringMatching(
          /^(\d\d) of \1 requests were answered with a 5xx status; 10 % are allowed$/,
        ),
      })
    await expect.poll(live, { timeout: 10_000 }).toBe(before)
  })

  it('is canceled while it is proven, and the newest tag takes the place of those that wait', async () => {
    const patient = quickManifest.replace('deadline: 10s', 'deadline: 120s')
    await shop.version(next(), { ...scripts('setInterval(() => {}, 1000)\n'), 'tagship.yaml': patient })
    const stuck = world.at.push('shop', shop, `v1.${version}.0`)
    const state = async () => (await world.newest('shop')).state
    await expect.poll(state, { timeout: 30_000 }).toBe('verifying')
    await shop.git('reset', '--quiet', '--hard', 'v1.0.0')
    await shop.version(next())
    const overtaken = world.at.push('shop', shop, `v1.${version}.0`)
    await expect.poll(state, { timeout: 30_000 }).toBe('queued')
    await shop.version(next())
    const last = world.at.push('shop', shop, `v1.${version}.0`)
    expect((await overtaken).stderr).toContain('superseded')
    expect((await world.at.tagship('cancel', 'shop')).exitCode).toBe(0)
    expect((await stuck).stderr).toContain('canceled')
    expect((await last).stderr).toContain('serves at')
    expect(await live()).toBe(`1.${version}.0`)
  })

  const startWith = async (env: Record<string, string>) => {
    await world.at.tagship('down', '--data', world.at.data)
    expect((await world.at.up(env)).exitCode).toBe(0)
    return world.at.pid()
  }
  const isGone = (pid: number) =>
    expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 60_000, interval: 50 }).toBe(false)
  const state = async () => (await world.newest('shop')).state

  it.each(crashesOn[runtime])('is deployed once where the controller dies at %s', async (point) => {
    const pid = await startWith({ TAGSHIP_FAULT: point })
    await shop.version(next())
    const pushing = world.at.push('shop', shop, `v1.${version}.0`)
    await isGone(pid)
    await pushing
    expect((await world.at.up()).exitCode).toBe(0)
    await expect.poll(state, { timeout: 60_000, interval: 200 }).toBe('live')
    const { tag, number } = await world.newest('shop')
    expect(tag).toBe(`v1.${version}.0`)
    expect(await live()).toBe(`1.${version}.0`)
    const { items } = await world.at.client.listDeployments({ params: { app: 'shop' }, query: { limit: 3 } })
    expect(items.filter((one) => one.tag === tag).map((one) => one.number)).toEqual([number])
    await expect.poll(() => setsOf(world, runtime), { timeout: 60_000 }).toEqual([`shop-${number}-web`])
  })

  it.each(revertCrashesOn[runtime])('is brought back once where the controller dies at %s', async (point) => {
    const before = await live()
    const pid = await startWith({ TAGSHIP_FAULT: point })
    await shop.version(next(), { 'tagship.yaml': quickManifest.replace('bake: 1s', 'bake: 2m') })
    const pushing = world.at.push('shop', shop, `v1.${version}.0`)
    await expect.poll(state, { timeout: 60_000 }).toBe('baking')
    await world.at.tagship('rollback', 'shop', '--detach')
    await isGone(pid)
    await pushing
    expect((await world.at.up()).exitCode).toBe(0)
    await expect.poll(state, { timeout: 60_000, interval: 200 }).toBe('rolledBack')
    expect(await live()).toBe(before)
    await expect.poll(async () => (await setsOf(world, runtime)).length, { timeout: 60_000 }).toBe(1)
    expect((await world.at.tagship('resume', 'shop')).exitCode).toBe(0)
  })

  it('stops with the whole house, and comes back by itself', async () => {
    const before = await live()
    const tag = (await world.app('shop')).live?.tag
    expect((await world.at.tagship('down', '--apps', '--data', world.at.data)).stderr).toBe('')
    expect(await setsOf(world, runtime)).toEqual([])
    expect((await world.at.up()).exitCode).toBe(0)
    const answering = () => live().catch(() => null)
    await expect.poll(answering, { timeout: 60_000, interval: 200 }).toBe(before)
    await expect.poll(state, { timeout: 60_000, interval: 200 }).toBe('live')
    expect(await world.newest('shop')).toMatchObject({ trigger: 'heal', tag })
  })

  it('has a history that nobody has touched, and leaves nothing when it is removed', {
    timeout: 300_000,
  }, async () => {
    expect((await world.at.tagship('audit', 'verify')).exitCode).toBe(0)
    const remove = () => world.at.tagship('app', 'remove', 'shop', '--yes')
    await expect.poll(async () => (await remove()).exitCode, { timeout: 60_000 }).toBe(0)
    await expect.poll(() => setsOf(world, runtime), { timeout: 60_000 }).toEqual([])
    const left = () => world.objects('namespaces', '--field-selector', 'metadata.name=tagship-shop')
    // The cluster waits for pods that drain, and looks again at its own pace.
    await expect.poll(left, { timeout: 150_000 }).toEqual([])
  })
})

/** What is there of the app's instances: a name for each process of each deployment. */
async function setsOf({ at, objects }: World, runtime: RuntimeName): Promise<string[]> {
  if (runtime === 'kubernetes') {
    const sets = await objects<{ metadata: { name: string; deletionTimestamp?: string } }>(
      'deployments',
      '--all-namespaces',
      '--selector',
      `dev.tagship=${at.id}`,
    )
    return sets.filter(({ metadata }) => !metadata.deletionTimestamp).map(({ metadata }) => metadata.name)
  }
  const { createDocker } = await import('@tagship/kit')
  const filters = { label: [`dev.tagship=${at.id}`, 'dev.tagship.role=instance'] }
  const containers = await createDocker().listContainers({ all: true, filters })
  return [...new Set(containers.map(({ Labels }) => `shop-${Labels['dev.tagship.deployment-number']}-web`))]
}
