import { once } from 'node:events'
import { readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { parseAppName, parseHostName } from '@tagship/domain'
import type { Route } from '@tagship/engine'
import { startProber } from '@tagship/prober'
import { beforeAll, describe, expect, test } from 'vitest'
import { createHaproxyRouter } from '../src/index.ts'
import { get } from './support/get.ts'
import { openSetting, shop, shopHost, startInstance, until } from './support/setting.ts'

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
  route = { seat: 5, app: shop, hosts: [shopHost], live: 'green', targets, fence: 3n }
  await router.restore([route])
})

test('restore brings a router without routes to the ones that it should have', async () => {
  expect(await router.askThrough(shopHost, '/version')).toEqual({ instance: 'shop-2', status: 200 })
  expect(await router.liveSlot(5)).toBe('green')
  await expect(router.switchTo({ seat: 5, slot: 'blue' }, 2n)).rejects.toMatchObject({
    code: 'router.fenced',
  })
})

test('ensure and restore lose nothing and write nothing where nothing differs', async () => {
  const before = await stat(seatFile)
  const startedAt = (await container.inspect()).State.StartedAt
  const prober = startProber({ url, host: shopHost, slowMs: 300, streamMs: 500, webSocketMs: 500 })
  for (let count = 0; count < 20; count += 1) {
    await router.ensure()
    await router.restore([route])
  }
  await until('there was traffic', async () => prober.report().total.requests > 100)
  const report = await prober.stop()
  expect(report.total.failures).toEqual([])
  expect(report.total.failed).toBe(0)
  expect((await stat(seatFile)).ino).toBe(before.ino)
  expect((await container.inspect()).State.StartedAt).toBe(startedAt)
})

test('restore leaves alone what was written after its routes were read', async () => {
  const other = { ...route, live: 'blue', fence: 2n } as const
  await router.restore([other])
  expect(await router.liveSlot(5)).toBe('green')
})

test('restore changes what differs, and forgets who is no longer there', async () => {
  const host = parseHostName('other.test')
  await router.restore([{ ...route, hosts: [host], live: 'blue' }])
  expect((await get(`${url}/version`, { host })).body).toBe('1\n')
  expect((await answer())?.status).toBe(404)
  await router.restore([{ ...route, seat: 6, app: parseAppName('other') }])
  expect(await router.liveSlot(5)).toBeNull()
  expect((await get(`${url}/version`, { host })).status).toBe(404)
  expect(await router.askThrough(shopHost, '/version')).toEqual({ instance: 'shop-2', status: 200 })
  await router.restore([route])
})

test('restore gives a seat to another app, and one bad route keeps no other from being restored', async () => {
  const heir = { ...route, app: parseAppName('heir'), fence: 0n }
  await expect(router.restore([{ ...route, seat: 99 }, heir])).rejects.toMatchObject({
    code: 'router.refused',
  })
  expect(await router.liveSlot(5)).toBe('green')
  expect(await router.askThrough(shopHost, '/version')).toEqual({ instance: 'shop-2', status: 200 })
  await router.restore([{ ...heir, targets: { blue: [], green: [] } }])
  await serves('2')
  await router.restore([route])
})

test('the container alone, killed, serves the same routes again', async () => {
  const { State } = await container.inspect()
  process.kill(State.Pid, 'SIGKILL')
  await until(
    'the engine has started it again',
    async () => (await container.inspect()).State.Pid !== State.Pid,
  )
  await serves('2')
  expect(await router.liveSlot(5)).toBe('green')
  await expect(router.switchTo({ seat: 5, slot: 'blue' }, 2n)).rejects.toMatchObject({
    code: 'router.fenced',
  })
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
    await router.restore([route])
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
      confirmed = await router.switchTo({ seat: 5, slot }, fence).catch((error) => {
        expect(error.code).toBe('router.unavailable')
        refused += 1
        return confirmed
      })
    }
  })()
  for (const seats of [30, 20]) await createHaproxyRouter({ ...options, seats }).ensure()
  reloading = false
  await switching
  expect(refused).toBeGreaterThan(0)
  expect(await router.liveSlot(5)).toBe(confirmed)
  expect(await readFile(seatFile, 'utf8')).toContain(`live=${confirmed} `)
  await router.fillSlot({ seat: 5, slot: 'green' }, route.targets.green, 2n ** 40n)
  await router.switchTo({ seat: 5, slot: 'green' }, 2n ** 40n)
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
  await expect(router.switchTo({ seat: 5, slot: 'blue' }, 9n)).rejects.toMatchObject(unavailable)
  await expect(router.liveSlot(5)).rejects.toMatchObject(unavailable)
  await expect(router.askThrough(shopHost, '/')).rejects.toMatchObject(unavailable)
})

async function openBusyPort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return { port: typeof address === 'object' && address ? address.port : 0, close: () => server.close() }
}
