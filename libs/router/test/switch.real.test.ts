import { startProber } from '@tagship/prober'
import { beforeAll, describe, expect, test } from 'vitest'
import { get } from './support/get.ts'
import {
  freePort,
  openSetting,
  shop,
  shopFrom,
  shopHost,
  startInstance,
  type TestInstance,
  until,
} from './support/setting.ts'

const setting = await openSetting()
const { router, url } = setting
const blue = { seat: 1, slot: 'blue' } as const
const green = { seat: 1, slot: 'green' } as const
const instances: TestInstance[] = []

const version = async () => (await get(`${url}/version`, { host: shopHost })).body.trim()
const target = (index: number) => instances[index]?.target ?? expect.fail('no such instance')

beforeAll(async () => {
  await router.ensure()
  instances.push(await startInstance(setting, 'shop-1', '1'), await startInstance(setting, 'shop-2', '2'))
  await router.setHosts(1, shop, [shopHost])
})

describe('a seat', () => {
  test('has no live slot before the first switch, and then the one it was switched to', async () => {
    expect(await router.liveSlot(1)).toBeNull()
    await router.fillSlot(blue, [target(0)], 1n)
    expect(await router.liveSlot(1)).toBeNull()
    expect(await router.switchTo(blue, 1n, shopFrom('green'))).toBe('blue')
    expect(await router.liveSlot(1)).toBe('blue')
    expect(await version()).toBe('1')
    expect(await router.askThrough(shopHost, '/version')).toEqual({ instance: 'shop-1', status: 200 })
  })

  test('refuses a slot without a target, and one whose targets are all known dead', async () => {
    await expect(router.switchTo(green, 1n, shopFrom('blue'))).rejects.toMatchObject({
      code: 'router.refused',
    })
    const dead = { name: 'shop-dead', address: '127.0.0.1', port: await freePort() }
    await router.fillSlot(green, [dead], 1n)
    await until('the switch is refused', () =>
      router.switchTo(green, 1n, shopFrom('blue')).then(
        () => router.switchTo(blue, 1n, shopFrom('green')).then(() => false),
        (error) => error.code === 'router.refused',
      ),
    )
    expect(await router.liveSlot(1)).toBe('blue')
    await router.emptySlot(green, 1n)
  })

  test('refuses to empty the live slot', async () => {
    await expect(router.emptySlot(blue, 1n)).rejects.toMatchObject({ code: 'router.refused' })
    expect(await version()).toBe('1')
  })

  test('refuses each write of a fence lower than the highest it has seen', async () => {
    await router.fillSlot(green, [target(1)], 7n)
    const fenced = { code: 'router.fenced' }
    await expect(router.switchTo(green, 6n, shopFrom('blue'))).rejects.toMatchObject(fenced)
    await expect(router.fillSlot(green, [], 6n)).rejects.toMatchObject(fenced)
    await expect(router.emptySlot(green, 6n)).rejects.toMatchObject(fenced)
    expect(await router.switchTo(blue, 7n, shopFrom('green'))).toBe('blue')
    expect(await router.switchTo(green, 2n ** 60n, shopFrom('blue'))).toBe('green')
    await expect(router.switchTo(blue, 2n ** 60n - 1n, shopFrom('green'))).rejects.toMatchObject(fenced)
    expect(await version()).toBe('2')
  })

  test('takes nothing that could end a command', async () => {
    const invalid = { code: 'input.invalid' }
    const bad = (more: object) => router.fillSlot(blue, [{ ...target(0), ...more }], 2n ** 60n)
    await expect(bad({ name: 'a; shutdown frontend web' })).rejects.toMatchObject(invalid)
    await expect(bad({ name: 'a\nb' })).rejects.toMatchObject(invalid)
    await expect(bad({ address: 'example.com' })).rejects.toMatchObject(invalid)
    await expect(bad({ port: 65_536 })).rejects.toMatchObject(invalid)
    expect(await version()).toBe('2')
  })

  test('that does not exist is refused', async () => {
    await expect(router.setHosts(21, shop, [shopHost])).rejects.toMatchObject({ code: 'router.refused' })
    await expect(router.liveSlot(21)).resolves.toBeNull()
    await expect(router.traffic({ seat: 21, slot: 'blue' })).rejects.toMatchObject({ code: 'router.refused' })
  })
})

test('twenty switches under load lose nothing, and the old slot answers nothing that began afterwards', async () => {
  const fence = 2n ** 61n
  const prober = startProber({ url, host: shopHost, slowMs: 500, streamMs: 1_500, webSocketMs: 3_000 })
  for (let round = 0; round < 20; round += 1) {
    const [next, index, last] = round % 2 === 0 ? ([blue, 0, green] as const) : ([green, 1, blue] as const)
    await router.fillSlot(next, [target(index)], fence)
    expect(await router.switchTo(next, fence, shopFrom(next.slot === 'blue' ? 'green' : 'blue'))).toBe(
      next.slot,
    )
    const moment = { old: index === 0 ? '2' : '1', at: new Date() }
    const before = prober.report().total.requests
    await until('traffic goes on', async () => prober.report().total.requests > before + 40)
    // Within its round: later the same version is right again.
    expect(prober.report().answersBy(moment.old, { startedAfter: moment.at })).toBe(0)
    if (round % 5 !== 4) continue
    await until('the old slot has drained', async () => (await router.traffic(last)).inFlight === 0)
    await router.emptySlot(last, fence)
  }
  const report = await prober.stop()
  expect(report.total.failures).toEqual([])
  expect(report.total.failed).toBe(0)
  expect(report.total.requests).toBeGreaterThan(800)
  expect(Object.keys(report.total.versions).sort()).toEqual(['1', '2'])
})

test('a slot that was live drains: what is under way ends by itself, and then nothing is', async () => {
  const fence = 2n ** 61n
  await router.fillSlot(blue, [target(0)], fence)
  await router.fillSlot(green, [target(1)], fence)
  await router.switchTo(blue, fence, shopFrom('green'))
  const slow = get(`${url}/slow?ms=700`, { host: shopHost })
  await until('the request is under way', async () => (await router.traffic(blue)).inFlight === 1)
  await router.switchTo(green, fence, shopFrom('blue'))
  expect((await router.traffic(blue)).inFlight).toBe(1)
  expect((await slow).status).toBe(200)
  await until('nothing is under way', async () => (await router.traffic(blue)).inFlight === 0)
  await router.emptySlot(blue, fence)
  await router.emptySlot(blue, fence)
})

test('an emptied slot cuts what its drain has not ended', async () => {
  const fence = 2n ** 61n
  await router.fillSlot(blue, [target(0)], fence)
  await router.switchTo(blue, fence, shopFrom('green'))
  const endless = get(`${url}/slow?ms=30000`, { host: shopHost }).catch((error) => error.code)
  await until('the request is under way', async () => (await router.traffic(blue)).inFlight === 1)
  await router.switchTo(green, fence, shopFrom('blue'))
  await router.emptySlot(blue, fence)
  expect((await router.traffic(blue)).inFlight).toBe(0)
  expect(await endless).toBe('ECONNRESET')
})
