import { once } from 'node:events'
import { readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { parseAppName, parseHostName } from '@tagship/domain'
import type { Route } from '@tagship/engine'
import { startProber } from '@tagship/prober'
import { beforeAll, describe, expect, test } from 'vitest'
import { createHaproxyRouter } from '../src/index.ts'
import { get } from './support/get.ts'
import { openSetting, shop, shopFrom, shopHost, startInstance, until } from './support/setting.ts'

// The sockets' paths are longer than a unix socket may have.
const setting = await openSetting({ parent: 'a-long-folder-name/'.repeat(6) })
const { router, url, options, scope } = setting
const container = scope.docker.getContainer(setting.containerName)
const seatFile = join(options.folder, 'state/seats.cfg')

const answer = () => get(`${url}/version`, { host: shopHost }).catch(() => null)
const serves = (version: string) =>
  until(`${version} serves`, async () => (await answer())?.body === `${version}\n`)
let route: Route

beforeAll(async () => {
  await router.ensure()
  const blue = await startInstance(setting, 'shop-1', '1')
  const green = await startInstance(setting, 'shop-2', '2')
  const targets = { blue: [blue.target], green: [green.target] }
  route = {
    seat: 5,
    app: shop,
    hosts: [shopHost],
    live: 'green',
    targets,
    fence: 3n,
    filling: null,
    turning: false,
  }
  await router.restore(async () => [route])
})

test('restore brings a router without routes to the ones that it should have', async () => {
  expect(await router.askThrough(shopHost, '/version')).toEqual({ instance: 'shop-2', status: 200 })
  expect(await router.liveSlot(5)).toBe('green')
  await expect(router.switchTo({ seat: 5, slot: 'blue' }, 2n, shopFrom('green'))).rejects.toMatchObject({
    code: 'router.fenced',
  })
})

test('ensure and restore lose nothing and write nothing where nothing differs', async () => {
  const before = await stat(seatFile)
  const startedAt = (await container.inspect()).State.StartedAt
  const prober = startProber({ url, host: shopHost, slowMs: 300, streamMs: 500, webSocketMs: 500 })
  for (let count = 0; count < 20; count += 1) {
    await router.ensure()
    await router.restore(async () => [route])
  }
  await until('there was traffic', async () => prober.report().total.requests > 100)
  const report = await prober.stop()
  expect(report.total.failures).toEqual([])
  expect(report.total.failed).toBe(0)
  expect((await stat(seatFile)).ino).toBe(before.ino)
  expect((await container.inspect()).State.StartedAt).toBe(startedAt)
})

test('restore leaves alone what was written while the rows were read', async () => {
  const hosts = [shopHost, parseHostName('second.test')]
  await router.restore(async () => {
    await router.setHosts(5, shop, hosts)
    return [{ ...route, live: 'blue' }]
  })
  expect(await router.liveSlot(5)).toBe('green')
  expect(await readFile(seatFile, 'utf8')).toContain('hosts=shop.test,second.test')
  await router.restore(async () => [route])
  expect(await readFile(seatFile, 'utf8')).toContain('hosts=shop.test\n')
})

test('restore leaves to a worker what it is about to change', async () => {
  const none = { blue: [], green: route.targets.green }
  await router.restore(async () => [{ ...route, targets: none, filling: 'blue' }])
  await router.restore(async () => [{ ...route, live: 'blue', turning: true }])
  expect(await router.liveSlot(5)).toBe('green')
  expect(await readFile(seatFile, 'utf8')).toContain('server shop-1 ')
})

test('restore puts right a fence that no row has given out', async () => {
  await router.restore(async () => [{ ...route, fence: 2n ** 50n }])
  await router.fillSlot({ seat: 5, slot: 'blue' }, route.targets.blue, 2n ** 50n)
  const late = router.fillSlot({ seat: 5, slot: 'blue' }, route.targets.blue, 4n)
  await expect(late).rejects.toMatchObject({ code: 'router.fenced' })
  await router.restore(async () => [route])
  await router.fillSlot({ seat: 5, slot: 'blue' }, route.targets.blue, 4n)
  expect(await answer()).toMatchObject({ body: '2\n' })
  await router.restore(async () => [route])
})

describe('a router that is not as the rows say is not switched', () => {
  const blue = { seat: 5, slot: 'blue' } as const
  const unavailable = { code: 'router.unavailable', entry: { retry: true } }
  const other = parseAppName('other')

  test.each([
    ['another app has the seat', { ...shopFrom('green'), app: other }],
    ['it has other hosts', { ...shopFrom('green'), hosts: [parseHostName('other.test')] }],
    ['another slot is live', { ...shopFrom('green'), live: null }],
  ])('%s', async (_, from) => {
    await expect(router.switchTo(blue, 100n, from)).rejects.toMatchObject(unavailable)
    expect(await router.liveSlot(5)).toBe('green')
  })

  test('it runs with another config', async () => {
    const other = createHaproxyRouter({ ...options, bind: { ...options.bind, address: '0.0.0.0' } })
    await other.ensure()
    await expect(router.switchTo(blue, 100n, shopFrom('green'))).rejects.toMatchObject(unavailable)
    expect((await router.status()).running?.asConfigured).toBe(false)
    await router.ensure()
    expect((await router.status()).running?.asConfigured).toBe(true)
    expect(await router.liveSlot(5)).toBe('green')
  })
})

test('restore changes what differs, and forgets who is no longer there', async () => {
  const host = parseHostName('other.test')
  await router.restore(async () => [{ ...route, hosts: [host], live: 'blue' }])
  expect((await get(`${url}/version`, { host })).body).toBe('1\n')
  expect((await answer())?.status).toBe(404)
  await router.restore(async () => [{ ...route, seat: 6, app: parseAppName('other') }])
  expect(await router.liveSlot(5)).toBeNull()
  expect((await get(`${url}/version`, { host })).status).toBe(404)
  expect(await router.askThrough(shopHost, '/version')).toEqual({ instance: 'shop-2', status: 200 })
  await router.restore(async () => [route])
})

test('restore gives a seat to another app, and one bad route keeps no other from being restored', async () => {
  const heir = { ...route, app: parseAppName('heir'), fence: 0n }
  await expect(router.restore(async () => [{ ...route, seat: 99 }, heir])).rejects.toMatchObject({
    code: 'router.refused',
  })
  expect(await router.liveSlot(5)).toBe('green')
  expect(await router.askThrough(shopHost, '/version')).toEqual({ instance: 'shop-2', status: 200 })
  await router.restore(async () => [{ ...heir, targets: { blue: [], green: [] } }])
  await serves('2')
  await router.restore(async () => [route])
})

/** The engine waits longer with each death that follows soon on another. */
async function runningPid(butNot = 0): Promise<number> {
  let pid = 0
  await until('the container runs', async () => {
    const { State } = await container.inspect()
    pid = State.Running && !State.Restarting && State.Pid !== butNot ? State.Pid : 0
    return pid > 0
  })
  return pid
}

/** Resolves once the engine has started it again. */
async function killContainer(): Promise<void> {
  const pid = await runningPid()
  process.kill(pid, 'SIGKILL')
  await runningPid(pid)
}

test('the container alone, killed, serves the same routes again', async () => {
  await killContainer()
  await serves('2')
  expect(await router.liveSlot(5)).toBe('green')
  await expect(router.switchTo({ seat: 5, slot: 'blue' }, 2n, shopFrom('green'))).rejects.toMatchObject({
    code: 'router.fenced',
  })
})

describe('without anybody but the engine', () => {
  const file = (name: string) => join(options.folder, 'state', name)
  const damages = {
    gone: () => rm(seatFile),
    empty: () => truncate(seatFile, 0),
    'cut short': () => truncate(seatFile, 700),
    'zeros at its end': async () => {
      const { size } = await stat(seatFile)
      await truncate(seatFile, size - 50)
      await truncate(seatFile, size)
    },
    garbage: () => writeFile(seatFile, 'backend \u0000\n'),
    'a strange line': async () =>
      writeFile(seatFile, (await readFile(seatFile, 'utf8')).replace('# seat 7', 'nonsense\n# seat 7')),
    'a seat missing': async () =>
      writeFile(seatFile, (await readFile(seatFile, 'utf8')).replace(/# seat 9[^#]*/, '')),
  }

  test.each(Object.entries(damages))(
    'a file of seats that is damaged (%s) leaves the routes',
    async (_, damage) => {
      await router.restore(async () => [route])
      await container.stop({ t: 0 })
      await damage()
      await container.start()
      await serves('2')
      expect(await router.liveSlot(5)).toBe('green')
      await router.restore(async () => [route])
    },
  )

  test('a switch that was acknowledged outlives the damage', async () => {
    await router.switchTo({ seat: 5, slot: 'blue' }, 10n, shopFrom('green'))
    await container.stop({ t: 0 })
    await writeFile(seatFile, 'nonsense\n')
    await container.start()
    await serves('1')
    await router.restore(async () => [{ ...route, fence: 10n }])
    await router.restore(async () => [route])
  })

  test('the router starts without routes where there is no whole file at all', async () => {
    await container.stop({ t: 0 })
    await Promise.all([truncate(seatFile, 0), rm(file('seats.cfg.last'), { force: true })])
    await container.start()
    // Whoever has lost its routes does not say that there is no such app.
    await until('it answers', async () => (await answer())?.status === 503)
    await router.ensure()
    expect((await answer())?.status).toBe(503)
    await router.restore(async () => [route])
    await serves('2')
    expect((await get(`${url}/`, { host: 'nobody.test' })).status).toBe(404)
  })
})

test('routes of another day, found at a start, are put right', async () => {
  const old = await readFile(seatFile, 'utf8')
  const third = await startInstance(setting, 'shop-3', '3')
  const later: Route = { ...route, live: 'blue', targets: { blue: [third.target], green: [] }, fence: 9n }
  await router.restore(async () => [later])
  await serves('3')
  await container.stop({ t: 0 })
  await writeFile(seatFile, old)
  await container.start()
  await serves('2')
  await router.ensure()
  await router.restore(async () => [later])
  await serves('3')
  await router.restore(async () => [{ ...route, fence: 10n }])
  await router.restore(async () => [route])
})

test('a router that hangs is killed and started anew', async () => {
  const master = await runningPid()
  const workers = (await readFile(`/proc/${master}/task/${master}/children`, 'utf8')).match(/\d+/g) ?? []
  expect(workers).toHaveLength(1)
  for (const pid of workers) process.kill(Number(pid), 'SIGSTOP')
  expect((await router.status()).running).toBeNull()
  await router.ensure()
  await serves('2')
})

test.each([
  ['its sockets', ['run/cli.sock', 'run/master.sock']],
  ['its whole folder', ['.']],
])('a router that lost %s comes back', async (_, paths) => {
  const secret = router.previewSecret
  for (const path of paths) await rm(join(options.folder, path), { recursive: true })
  await router.ensure()
  await router.restore(async () => [route])
  await serves('2')
  expect(createHaproxyRouter(options).previewSecret).toBe(secret)
})

describe('a damaged file of seats', () => {
  test('is written again by the router that runs', async () => {
    const whole = await readFile(seatFile, 'utf8')
    await truncate(seatFile, 200)
    await router.ensure()
    expect(await readFile(seatFile, 'utf8')).toBe(whole)
  })

  test.each([
    ['empty', () => truncate(seatFile, 0)],
    ['cut short', () => truncate(seatFile, 700)],
    ['garbage', () => writeFile(seatFile, 'backend \u0000\n')],
  ])('that is %s is healed by ensure and restore when the router is down', async (_, damage) => {
    await container.stop({ t: 0 })
    await damage()
    await router.ensure()
    await router.restore(async () => [route])
    await serves('2')
  })
})

test('a removed container, config and pages come back, with the same secret', async () => {
  await router.stop()
  expect((await router.status()).running).toBeNull()
  await writeFile(join(options.folder, 'haproxy.cfg'), 'global\n  nonsense\n')
  const again = createHaproxyRouter(options)
  expect(again.previewSecret).toBe(router.previewSecret)
  expect((await stat(join(options.folder, 'secret'))).mode & 0o777).toBe(0o600)
  await again.ensure()
  await serves('2')
  expect((await again.status()).running).toMatchObject({ version: expect.stringMatching(/^3\./) })
})

test('a new config is taken by a reload that loses no request', async () => {
  const prober = startProber({ url, host: shopHost, slowMs: 300, streamMs: 500, webSocketMs: 2_000 })
  await until('there is traffic', async () => prober.report().total.requests > 50)
  const more = createHaproxyRouter({ ...options, seats: 40 })
  await more.ensure()
  const seen = prober.report().total.requests
  await until('traffic goes on', async () => prober.report().total.requests > seen + 50)
  const report = await prober.stop()
  expect(report.total.failures).toEqual([])
  await more.setHosts(40, parseAppName('last'), [parseHostName('last.test')])
  await more.forget(40)
  await router.ensure()
  await expect(router.setHosts(40, shop, [])).rejects.toMatchObject({ code: 'router.refused' })
  await serves('2')
})

test('a switch during a reload is refused for the moment, or lasts', async () => {
  let confirmed = await router.liveSlot(5)
  let reloading = true
  let refused = 0
  const switching = (async () => {
    for (let fence = 100n; reloading; fence += 1n) {
      const slot = fence % 2n === 0n ? 'blue' : 'green'
      confirmed = await router
        .switchTo({ seat: 5, slot }, fence, shopFrom(slot === 'blue' ? 'green' : 'blue'))
        .catch((error) => {
          expect(error.code).toBe('router.unavailable')
          refused += 1
          return confirmed
        })
    }
  })()
  // On a fast machine none of the switches may fall into the reload.
  for (let round = 0; round < 5 && refused === 0; round += 1) {
    for (const seats of [30, 20]) await createHaproxyRouter({ ...options, seats }).ensure()
  }
  reloading = false
  await switching
  expect(refused).toBeGreaterThan(0)
  expect(await router.liveSlot(5)).toBe(confirmed)
  expect(await readFile(seatFile, 'utf8')).toContain(`live=${confirmed} `)
  await router.fillSlot({ seat: 5, slot: 'green' }, route.targets.green, 2n ** 40n)
  await router.switchTo({ seat: 5, slot: 'green' }, 2n ** 40n, shopFrom('blue'))
})

describe('a port that somebody else has', () => {
  test('is found before the router starts', async () => {
    const busy = await openBusyPort()
    const other = createHaproxyRouter({ ...options, bind: { address: '127.0.0.1', port: busy.port } })
    await router.stop()
    await expect(other.ensure()).rejects.toMatchObject({ code: 'port.taken' })
    await router.ensure()
    await serves('2')
    busy.close()
  })

  test('leaves the router as it was where it was to move there', async () => {
    const busy = await openBusyPort()
    const other = createHaproxyRouter({ ...options, bind: { address: '127.0.0.1', port: busy.port } })
    await expect(other.ensure()).rejects.toMatchObject({ code: 'port.taken' })
    await serves('2')
    busy.close()
    await other.ensure()
    expect((await get(`http://127.0.0.1:${busy.port}/version`, { host: shopHost })).body).toBe('2\n')
    expect(await answer()).toBeNull()
  })
})

test('a router that does not run is unavailable, which may be tried again', async () => {
  await router.stop()
  const unavailable = { code: 'router.unavailable', entry: { retry: true } }
  await expect(router.switchTo({ seat: 5, slot: 'blue' }, 9n, shopFrom('green'))).rejects.toMatchObject(
    unavailable,
  )
  await expect(router.liveSlot(5)).rejects.toMatchObject(unavailable)
  await expect(router.askThrough(shopHost, '/')).rejects.toMatchObject(unavailable)
})

async function openBusyPort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return { port: typeof address === 'object' && address ? address.port : 0, close: () => server.close() }
}
