import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import { connect } from 'node:http2'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { parseAppName, parseHostName } from '@tagship/domain'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { get } from './support/get.ts'
import { openSetting, shop, shopFrom, shopHost, startInstance, until } from './support/setting.ts'

const setting = await openSetting()
const { router, url } = setting
const large = await openSetting({ seats: 1_000 })
const echoHost = parseHostName('echo.test')
const previewed = { 'x-tagship-preview': router.previewSecret }

/** Answers with the headers that reached it, and tries to pass for somebody else. */
const echo = createServer((request, response) => {
  response.setHeader('x-tagship-instance', 'forged')
  response.end(JSON.stringify(request.headers))
}).listen(0, '127.0.0.2')

beforeAll(async () => {
  await router.ensure()
  await router.restore(async () => [])
  const address = echo.address()
  const port = typeof address === 'object' && address ? address.port : 0
  await router.setHosts(2, parseAppName('echo'), [echoHost])
  await router.fillSlot({ seat: 2, slot: 'blue' }, [{ name: 'echo-1', address: '127.0.0.2', port }], 1n)
  await router.switchTo({ seat: 2, slot: 'blue' }, 1n, {
    app: parseAppName('echo'),
    hosts: [echoHost],
    live: null,
  })
})

afterAll(() => {
  echo.closeAllConnections()
  echo.close()
})

describe('the router itself answers', () => {
  test('404 for a host that no app has', async () => {
    const page = await get(url, { host: 'nobody.test' })
    expect(page).toMatchObject({ status: 404, headers: { 'content-type': 'text/html; charset=utf-8' } })
    expect(page.body).toContain('Nothing lives here')
    const json = await get(url, { host: 'nobody.test', accept: 'application/json' })
    expect(json).toMatchObject({ status: 404, headers: { 'content-type': 'application/json' } })
    expect(JSON.parse(json.body)).toMatchObject({ status: 404, title: 'Nothing lives here' })
  })

  test('404 without any host', async () => {
    expect((await get(url, { host: '' })).status).toBeGreaterThanOrEqual(400)
  })

  test('503 for an app that was never live, and 503 for one whose instances are dead', async () => {
    const host = parseHostName('new.test')
    await router.setHosts(3, parseAppName('new'), [host])
    expect(await get(url, { host })).toMatchObject({ status: 503, headers: { 'retry-after': '2' } })
    expect(await router.askThrough(host, '/')).toEqual({ instance: null, status: 503 })

    const dead = { name: 'new-1', address: '127.0.0.3', port: 9 }
    await router.fillSlot({ seat: 3, slot: 'blue' }, [dead], 1n)
    await router.switchTo({ seat: 3, slot: 'blue' }, 1n, {
      app: parseAppName('new'),
      hosts: [host],
      live: null,
    })
    const answer = await get(url, { host })
    expect(answer).toMatchObject({
      status: 503,
      headers: { 'retry-after': '2', 'cache-control': 'no-store' },
    })
    expect(answer.body).toContain('Back in a moment')
    await router.forget(3)
    expect((await get(url, { host })).status).toBe(404)
  })
})

describe('a request', () => {
  test('finds its app whatever the case of its host, with a port or a dot at its end', async () => {
    for (const host of ['ECHO.test', 'echo.test:8080', 'echo.test.']) {
      expect((await get(url, { host })).status).toBe(200)
    }
  })

  test('reaches the app with headers that say where it came from, whatever it claimed itself', async () => {
    const forged = { 'x-forwarded-for': '1.2.3.4', 'x-forwarded-proto': 'gopher', 'x-request-id': 'a b' }
    const headers = JSON.parse((await get(url, { host: echoHost, ...forged })).body)
    expect(headers).toMatchObject({
      host: echoHost,
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': echoHost,
      'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
    })
    const kept = JSON.parse((await get(url, { host: echoHost, 'x-request-id': 'trace-7' })).body)
    expect(kept['x-request-id']).toBe('trace-7')
  })

  test('takes no secret to the app, and brings no instance name to a stranger', async () => {
    const asked = { 'x-tagship-ask': router.previewSecret, 'x-tagship-instance': 'me' }
    const known = await get(url, { host: echoHost, ...asked })
    expect(known.headers['x-tagship-instance']).toBe('echo-1')
    expect(known.body).not.toContain('x-tagship')
    const stranger = await get(url, { host: echoHost, 'x-tagship-ask': 'guess' })
    expect(stranger.headers['x-tagship-instance']).toBeUndefined()
    expect(stranger.body).not.toContain('x-tagship')
  })

  test('is sent again where its connection breaks, but never one that may have had an effect', async () => {
    const host = parseHostName('broken.test')
    const methods: string[] = []
    const broken = createServer((request) => {
      methods.push(request.method ?? '')
      request.socket.destroy()
    }).listen(0, '127.0.0.2')
    await once(broken, 'listening')
    const address = broken.address()
    const port = typeof address === 'object' && address ? address.port : 0
    await router.setHosts(4, parseAppName('broken'), [host])
    await router.fillSlot({ seat: 4, slot: 'blue' }, [{ name: 'b-1', address: '127.0.0.2', port }], 1n)
    await router.switchTo({ seat: 4, slot: 'blue' }, 1n, {
      app: parseAppName('broken'),
      hosts: [host],
      live: null,
    })
    expect((await get(url, { host })).status).toBe(502)
    expect(methods.length).toBeGreaterThan(1)
    methods.length = 0
    const answer = await get(url, { host }, { method: 'POST', body: 'once' })
    expect(answer).toMatchObject({ status: 502, headers: { 'content-type': 'text/html; charset=utf-8' } })
    expect(methods).toEqual(['POST'])
    expect((await router.traffic({ seat: 4, slot: 'blue' })).serverErrors).toBe(2)
    broken.close()
    await router.forget(4)
  })

  test('may come by HTTP/2 without TLS', async () => {
    const session = connect(url)
    const stream = session.request({ ':path': '/', ':authority': echoHost })
    const [headers] = await once(stream, 'response')
    expect(headers[':status']).toBe(200)
    expect(JSON.parse(await text(stream))).toMatchObject({ host: echoHost, 'x-forwarded-for': '127.0.0.1' })
    session.close()
  })
})

describe('an app with two slots', () => {
  const blue = { seat: 1, slot: 'blue' } as const
  const green = { seat: 1, slot: 'green' } as const
  const answeredBy = async () => (await router.askThrough(shopHost, '/version')).instance

  test('shares the work between its replicas, and goes round one that dies', async () => {
    await router.setHosts(1, shop, [shopHost])
    const replicas = [
      await startInstance(setting, 'shop-1', '1'),
      await startInstance(setting, 'shop-2', '1'),
    ]
    await router.fillSlot(
      blue,
      replicas.map(({ target }) => target),
      1n,
    )
    await router.switchTo(blue, 1n, shopFrom('green'))
    const names: (string | null)[] = []
    for (let count = 0; count < 40; count += 1) names.push(await answeredBy())
    expect(names.filter((name) => name === 'shop-1').length).toBe(20)
    expect(names.filter((name) => name === 'shop-2').length).toBe(20)

    await replicas[0]?.kill()
    for (let count = 0; count < 40; count += 1) {
      expect(await router.askThrough(shopHost, '/version')).toEqual({ instance: 'shop-2', status: 200 })
    }
    const post = await get(`${url}/echo`, { host: shopHost }, { method: 'POST', body: 'hello' })
    expect(post).toMatchObject({ status: 200, body: 'hello' })
    expect((await router.traffic(blue)).serverErrors).toBe(0)
    // The engine may give its address to the next instance.
    await router.fillSlot(blue, [replicas[1]?.target ?? expect.fail()], 1n)
    expect(await answeredBy()).toBe('shop-2')
  })

  test('shows its idle slot to who has the secret, or asks for next.HOST', async () => {
    const { target } = await startInstance(setting, 'shop-3', '2')
    const previewOf = (headers: Record<string, string>) => get(`${url}/version`, headers)
    expect(await previewOf({ host: `next.${shopHost}` })).toMatchObject({ status: 404 })
    expect((await previewOf({ host: shopHost, ...previewed })).body).toContain('Nothing to preview')

    await router.fillSlot(green, [target], 1n)
    expect((await previewOf({ host: shopHost, ...previewed })).body).toBe('2\n')
    expect((await previewOf({ host: `next.${shopHost}` })).body).toBe('2\n')
    expect((await previewOf({ host: shopHost, 'x-tagship-preview': 'guess' })).body).toBe('1\n')
    expect((await previewOf({ host: shopHost })).body).toBe('1\n')
  })

  test('never falls back to a slot that has not been live, but to the one that was', async () => {
    const live = { name: 'shop-4', address: '127.0.0.3', port: 9 }
    await router.switchTo(green, 1n, shopFrom('blue'))
    expect(await router.backupInUse(1)).toBe(false)
    // Green dies: blue was live before it.
    await router.fillSlot(green, [live], 1n)
    await until('blue stands in', async () => (await answeredBy()) === 'shop-2')
    expect(await router.backupInUse(1)).toBe(true)
    expect(await router.liveSlot(1)).toBe('green')
    // What is put into blue now is new: nobody has proven it.
    await router.fillSlot(blue, [{ ...live, name: 'shop-5' }], 1n)
    expect(await router.backupInUse(1)).toBe(false)
    expect((await get(url, { host: shopHost })).status).toBe(503)
  })
})

test('a thousand seats are no burden', async () => {
  await large.router.ensure()
  const container = large.scope.docker.getContainer(`${large.containerName}`)
  const from = performance.now()
  await container.restart({ t: 0 })
  await until('it answers', async () =>
    get(large.url, { host: 'nobody.test' }).then(
      ({ status }) => status === 503,
      () => false,
    ),
  )
  expect(performance.now() - from).toBeLessThan(5_000)
  // The master lets go of the config it has read a moment after the worker serves.
  await until('it takes less than 64 MB', async () => {
    const { State } = await container.inspect()
    const bytes = await residentBytes(State.Pid)
    return bytes > 1_000_000 && bytes < 64 * 1024 * 1024
  })
})

test('counts requests and server errors of a slot', async () => {
  const before = await router.traffic({ seat: 2, slot: 'blue' })
  for (let count = 0; count < 5; count += 1) await get(url, { host: echoHost })
  // The router counts a request as over a moment after its last byte has come.
  await expect
    .poll(() => router.traffic({ seat: 2, slot: 'blue' }))
    .toEqual({ requests: before.requests + 5, serverErrors: before.serverErrors, inFlight: 0 })
})

test('tells its figures to Prometheus over a socket', async () => {
  const socketPath = join(setting.options.folder, 'run/metrics.sock')
  const [response] = await once(request({ socketPath, path: '/metrics' }).end(), 'response')
  expect(await text(response)).toContain('haproxy_backend_http_responses_total{proxy="s2-blue",code="2xx"}')
})

/** Of a process and its children, from proc(5): a bare machine has no ps. */
async function residentBytes(pid: number): Promise<number> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ')
  const statuses = await Promise.all(
    [`${pid}`, ...children].map((one) => readFile(`/proc/${one}/status`, 'utf8').catch(() => '')),
  )
  return statuses.reduce(
    (sum, status) => sum + Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024,
    0,
  )
}
