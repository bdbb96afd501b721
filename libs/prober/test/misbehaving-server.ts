/** The sample app's endpoints on loopback, with one fault at a time, chosen by the test. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocketServer } from 'ws'

export type Fault =
  | 'none'
  | 'reset'
  | 'error500'
  | 'silence'
  | 'truncatedPage'
  | 'emptyPage'
  | 'wrongEcho'
  | 'streamTruncated'
  | 'streamCut'
  | 'streamSkips'
  | 'streamMixed'
  | 'webSocketRefused'
  | 'webSocketCut'
  | 'webSocketClosed'
  | 'webSocketWrongEcho'
  | 'webSocketSilent'

export interface MisbehavingServer extends AsyncDisposable {
  readonly url: string
  fault: Fault
  version: string
  /** Hosts and connections that were seen. */
  readonly hosts: Set<string>
  connections: number
  stopListening(): Promise<void>
}

export async function startMisbehavingServer(): Promise<MisbehavingServer> {
  const sockets = new Set<Socket>()
  const server = createServer((request, response) => {
    state.hosts.add(request.headers.host ?? '')
    response.setHeader('x-version', state.version)
    void answer(state, request, response)
  })
  server.on('connection', (socket) => {
    state.connections += 1
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  const webSockets = new WebSocketServer({ noServer: true })
  webSockets.on('headers', (headers) => headers.push(`x-version: ${state.version}`))
  server.on('upgrade', (request, socket, head) => {
    if (state.fault === 'webSocketRefused')
      return socket.end('HTTP/1.1 503 Sorry\r\ncontent-length: 0\r\n\r\n')
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      if (state.fault === 'webSocketCut') setTimeout(() => socket.destroy(), 20)
      if (state.fault === 'webSocketClosed') webSocket.close(1001)
      webSocket.on('message', (data) => {
        if (state.fault === 'webSocketSilent') return
        webSocket.send(state.fault === 'webSocketWrongEcho' ? 'something else' : String(data))
      })
    })
  })
  const stopListening = async () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const state: MisbehavingServer = {
    url: `http://127.0.0.1:${port}`,
    fault: 'none',
    version: '1',
    hosts: new Set(),
    connections: 0,
    stopListening,
    [Symbol.asyncDispose]: stopListening,
  }
  return state
}

async function answer(state: MisbehavingServer, request: IncomingMessage, response: ServerResponse) {
  const url = new URL(request.url ?? '/', 'http://localhost')
  if (state.fault === 'reset') return request.socket.resetAndDestroy()
  if (state.fault === 'silence') return
  if (state.fault === 'error500') return response.writeHead(500).end('out of order')
  if (url.pathname === '/echo') return echo(state, request, response)
  if (url.pathname === '/stream') return stream(state, response)
  if (url.pathname === '/slow') await sleep(Number(url.searchParams.get('ms')))
  if (state.fault === 'emptyPage') return response.end()
  if (state.fault !== 'truncatedPage') return response.end('a page')
  response.writeHead(200, { 'content-length': 1_000 }).write('a part of a p')
  await sleep(10)
  return request.socket.destroy()
}

async function echo(state: MisbehavingServer, request: IncomingMessage, response: ServerResponse) {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const body = Buffer.concat(chunks)
  if (state.fault === 'wrongEcho') body[body.length - 1] = (body.at(-1) ?? 0) ^ 1
  response.end(body)
}

async function stream(state: MisbehavingServer, response: ServerResponse) {
  const { version } = state
  response.flushHeaders()
  for (let chunk = 0; chunk < 4; chunk += 1) {
    await sleep(5)
    if (chunk === 2 && state.fault === 'streamSkips') continue
    if (chunk === 2 && state.fault === 'streamTruncated') return response.end()
    if (chunk === 2 && state.fault === 'streamCut') return response.destroy()
    response.write(`${chunk} ${chunk === 2 && state.fault === 'streamMixed' ? 'another' : version}\n`)
  }
  return response.end('end\n')
}
