import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { afterEach, describe, expect, expectTypeOf, test } from 'vitest'
import {
  ApiError,
  ControllerUnreachable,
  createClient,
  type DeployedJson,
  type EventMessage,
  problemOf,
  type Route,
  routes,
} from '../src/index.ts'

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void

const running: (() => void)[] = []
afterEach(() => {
  for (const stop of running.splice(0)) stop()
})

/** A client of a server that answers as it is told. */
async function clientOf(answer: Answer) {
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    answer(request, response, body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  running.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new Error('it does not listen')
  return createClient({ url: `http://127.0.0.1:${address.port}/`, token: 'tsp_x' })
}

const at = '2026-11-23T19:23:10.123Z'
const event = {
  app: 'shop',
  seq: 1,
  deployment: null,
  type: 'x',
  from: null,
  to: null,
  actor: 'anna',
  reason: null,
  durationMs: null,
  detail: {},
  at,
  hash: '0',
}

function message(id: number): string {
  return `id: ${id}\ndata: ${JSON.stringify({ event: { ...event, id: String(id) }, deployment: null })}\n\n`
}

describe('a call', () => {
  test('goes to the route’s address, with token, body and a key', async () => {
    const seen: { url?: string | undefined; headers?: object; body?: string } = {}
    const client = await clientOf((request, response, body) => {
      Object.assign(seen, { url: request.url, headers: request.headers, body })
      response.writeHead(204).end()
    })
    expect(await client.removeApp({ params: { app: 'a b/../c' } })).toBeNull()
    expect(seen.url).toBe('/api/v1/apps/a%20b%2F..%2Fc')
    expect(seen.headers).toMatchObject({
      authorization: 'Bearer tsp_x',
      'idempotency-key': expect.stringMatching(/^[0-9a-f-]{36}$/),
    })
  })

  test('leaves out what is undefined', async () => {
    const client = await clientOf((request, response) =>
      response.end(JSON.stringify({ items: [], next: request.url })),
    )
    const page = await client.listApps({ query: { limit: 2, cursor: undefined } })
    expect(page.next).toBe('/api/v1/apps?limit=2')
  })

  test('that is refused throws the code, the mend and the exit code', async () => {
    const client = await clientOf((_, response) =>
      response.writeHead(409).end(JSON.stringify(problemOf('app.onHold', 'shop is on hold', '/x'))),
    )
    const error: unknown = await client
      .deploy({ params: { app: 'shop' }, body: {} })
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({ code: 'app.onHold', status: 409, detail: 'shop is on hold', exitCode: 6 })
  })

  test.each<[string, Answer]>([
    ['a web page', (_, response) => response.end('<html>')],
    ['JSON of something else', (_, response) => response.end('{"items":7}')],
    ['an error that is no problem document', (_, response) => response.writeHead(502).end('bad gateway')],
    [
      'half an answer',
      (_, response) => response.writeHead(200, { 'content-length': 9 }).write('{') && response.destroy(),
    ],
  ])('that is answered with %s has reached no controller', async (_, answer) => {
    const client = await clientOf(answer)
    const error: unknown = await client.listApps().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ControllerUnreachable)
    expect(error).toMatchObject({ exitCode: 7 })
  })

  test('that nobody answers says why', async () => {
    const client = await clientOf(() => {})
    for (const stop of running.splice(0)) stop()
    await expect(client.listApps()).rejects.toThrow(
      /http:\/\/127.0.0.1:\d+\/ cannot be reached: .*ECONNREFUSED/,
    )
  })

  test('is typed from the table', () => {
    const client = createClient({ url: 'http://127.0.0.1:1', token: null })
    expectTypeOf(client.deploy).returns.resolves.toEqualTypeOf<DeployedJson>()
    expectTypeOf(client.removeApp).returns.resolves.toEqualTypeOf<null>()
    expectTypeOf(client.metrics).returns.resolves.toEqualTypeOf<string>()
    expectTypeOf(client.follow.readEvents).returns.resolves.toEqualTypeOf<AsyncGenerator<EventMessage>>()
  })
})

describe('following', () => {
  test('goes on after the last event when the connection breaks, and ends when told', async () => {
    const asked: unknown[] = []
    const client = await clientOf((request, response) => {
      asked.push(request.headers['last-event-id'])
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      if (asked.length === 1) response.write(message(1) + message(2).slice(0, 20), () => response.destroy())
      else response.end(`: still here\n\n${message(2)}event: end\ndata: {}\n\n`)
    })
    const ids: string[] = []
    const states: string[] = []
    const onConnection = (state: string) => states.push(state)
    for await (const item of await client.follow.readEvents({ onConnection })) ids.push(item.event.id)
    expect(ids).toEqual(['1', '2'])
    expect(states).toEqual(['open', 'broken', 'open'])
    expect(asked).toEqual([undefined, '1'])
  })

  test('ends with the problem that the controller sends', async () => {
    const client = await clientOf((_, response) => {
      const problem = problemOf('app.notFound', 'gone', '/x')
      response.end(`${message(1)}event: problem\ndata: ${JSON.stringify(problem)}\n\n`)
    })
    const stream = await client.follow.readEvents()
    await stream.next()
    await expect(stream.next()).rejects.toMatchObject({ code: 'app.notFound' })
  })

  test('throws the reason of the signal, also while nobody answers', async () => {
    const client = await clientOf((_, response) => response.end(message(1)))
    const signal = AbortSignal.timeout(200)
    const stream = await client.follow.readEvents({ signal })
    await stream.next()
    for (const stop of running.splice(0)) stop()
    await expect(stream.next()).rejects.toMatchObject({ name: 'TimeoutError' })
  })

  test('does not start where the first connection fails', async () => {
    const client = createClient({ url: 'http://127.0.0.1:1', token: null })
    await expect(client.follow.readEvents()).rejects.toBeInstanceOf(ControllerUnreachable)
  })
})

describe('the table', () => {
  const all = Object.entries<Route>(routes)

  test('has each address once', () => {
    const addresses = all.map(([, { method, path }]) => `${method} ${path}`)
    expect(new Set(addresses).size).toBe(addresses.length)
  })

  test.each(all)('%s names exactly the parameters of its path', (_, route) => {
    const inPath = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => name)
    expect(Object.keys(route.params?.shape ?? {})).toEqual(inPath)
  })

  test('lets nobody write without at least the role deployer, but what is their own, or with a one-time link', () => {
    const open = all.filter(
      ([, { method, role, scope }]) =>
        method !== 'GET' && scope !== 'own' && (role === null || role === 'viewer'),
    )
    expect(open.map(([name]) => name).sort()).toEqual(['acceptInvitation', 'setUp', 'showLink'])
  })
})
