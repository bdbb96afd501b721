/** What is sampled of many slots, against the router's own traffic. */
import { createServer, type Server } from 'node:http'
import { parseAppName, parseHostName } from '@tagship/domain'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { get } from './support/get.ts'
import { openSetting, until } from './support/setting.ts'

const setting = await openSetting({ seats: 400 })
const { router, url } = setting
const host = parseHostName('shop.test')
const app = parseAppName('shop')
const seat = 399

/** Answers 500 where it is asked to, after a tenth of a second. */
const servers: Server[] = []
async function serve(address: string): Promise<number> {
  const server = createServer((request, response) => {
    setTimeout(() => {
      response.statusCode = request.url === '/wrong' ? 500 : 200
      response.end()
    }, 100)
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, address, resolve))
  const bound = server.address()
  return typeof bound === 'object' && bound ? bound.port : 0
}

beforeAll(async () => {
  await router.ensure()
  await router.setHosts(seat, app, [host])
})
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
})

test('both slots are told with their requests, errors, times and targets', async () => {
  const blue = [
    { name: 'shop-1', address: '127.0.0.3', port: await serve('127.0.0.3') },
    { name: 'shop-2', address: '127.0.0.3', port: 9 },
  ]
  const green = [{ name: 'shop-3', address: '127.0.0.3', port: await serve('127.0.0.3') }]
  await router.fillSlot({ seat, slot: 'blue' }, blue, 1n)
  await router.fillSlot({ seat, slot: 'green' }, green, 1n)
  await router.switchTo({ seat, slot: 'green' }, 1n, { app, hosts: [host], live: null })

  const seats = Array.from({ length: 400 }, (_, index) => index + 1)
  await until('the dead target is known to be dead', async () => {
    const [first] = await router.sample([seat])
    return first?.targets.some(({ up }) => !up) ?? false
  })
  const before = await router.sample(seats)
  expect(before).toHaveLength(800)
  expect(before.filter(({ targets }) => targets.length > 0)).toMatchObject([
    {
      seat,
      slot: 'blue',
      requests: 0,
      targets: [
        { name: 'shop-1', up: true },
        { name: 'shop-2', up: false },
      ],
    },
    { seat, slot: 'green', requests: 0, responseMs: null, targets: [{ name: 'shop-3', up: true }] },
  ])

  await Promise.all(Array.from({ length: 5 }, () => get(url, { host })))
  await get(`${url}/wrong`, { host })
  const after = (await router.sample(seats)).find((one) => one.seat === seat && one.slot === 'green')
  expect(after).toMatchObject({ slot: 'green', requests: 6, serverErrors: 1 })
  expect(after?.responseMs).toBeGreaterThanOrEqual(90)
  expect(after?.responseMs).toBeLessThan(5_000)

  const pending = get(url, { host })
  await until('one is under way', async () => (await router.sample([seat]))[1]?.inFlight === 1)
  await pending
})

test('an empty slot is told as such', async () => {
  expect(await router.sample([])).toEqual([])
  expect(await router.sample([7])).toMatchObject([
    { seat: 7, slot: 'blue', requests: 0, targets: [] },
    { seat: 7, slot: 'green', requests: 0, targets: [] },
  ])
})
