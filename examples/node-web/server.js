/** A small web app in plain Node: everything a release needs to be swapped under load. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { pipeline } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { isHealthy } from './health.js'
import { renderPage } from './page.js'
import { acceptWebSocket } from './web-socket.js'

const version = readFileSync(new URL('VERSION', import.meta.url), 'utf8').trim()
const port = Number(process.env.PORT ?? 8080)
const page = renderPage(version)
const webSockets = new Set()
let ending = null

const routes = {
  'GET /': (_, response) => send(response, 200, page, 'text/html; charset=utf-8'),
  'GET /version': (_, response) => send(response, 200, `${version}\n`),
  'GET /healthz': (_, response) =>
    isHealthy() ? send(response, 200, 'ok\n') : send(response, 503, 'not ready\n'),
  'GET /slow': slow,
  'GET /stream': stream,
  'POST /echo': echo,
}

const server = createServer((request, response) => {
  response.setHeader('x-version', version)
  response.on('finish', () => {
    if (response.getHeader('connection') !== 'close') ending?.refresh()
  })
  const url = URL.parse(request.url, 'http://app')
  const route = routes[`${request.method} ${url?.pathname}`]
  if (route) route(request, response, Math.min(Number(url.searchParams.get('ms')) || 1_000, 60_000))
  else send(response, 404, 'There is nothing here.\n')
})

server.on('upgrade', (request, socket, head) => {
  if (request.url !== '/ws') return socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n')
  const webSocket = acceptWebSocket(request, socket, head, { 'x-version': version })
  webSockets.add(webSocket)
  socket.on('close', () => webSockets.delete(webSocket))
})

// Longer than a router keeps an idle connection to us: we must never close one that it is about to use.
server.keepAliveTimeout = 75_000
server.listen(port, () => process.stdout.write(`version ${version} listens on port ${port}\n`))

/**
 * SIGTERM: finish what is under way, and end. Whoever keeps a connection is told with an answer that it is over, and has
 * a second to ask for one, also after an answer that had begun before and could not say so: closed under a request, the
 * connection would lose it.
 */
process.once('SIGTERM', () => {
  for (const webSocket of webSockets) webSocket.close(1001)
  server.getConnections((_, count) => {
    ending = setTimeout(() => server.close(linger), count > 0 ? 1_000 : 0)
  })
})

/**
 * On a cluster the network goes with the process. Nobody would answer the last packets of a connection that was just
 * closed, and for half a minute the node would send whoever gets its port next to a pod that is gone.
 */
function linger() {
  setTimeout(() => {}, 1_000)
}

/** Starts an answer. */
function begin(response, status, headers) {
  if (ending) response.setHeader('connection', 'close')
  return response.writeHead(status, headers)
}

function send(response, status, text, type = 'text/plain; charset=utf-8') {
  begin(response, status, { 'content-type': type, 'content-length': Buffer.byteLength(text) }).end(text)
}

/** Answers after `ms`. */
async function slow(_, response, ms) {
  await sleep(ms)
  send(response, 200, `took ${ms} ms\n`)
}

/** A line each 250 ms for `ms`, numbered from 0, then `end`. */
async function stream(_, response, ms) {
  begin(response, 200, { 'content-type': 'text/plain; charset=utf-8' }).flushHeaders()
  for (let line = 0; line < ms / 250 && !response.destroyed; line += 1) {
    response.write(`${line} ${version}\n`)
    await sleep(250)
  }
  response.end('end\n')
}

/** Sends back what it is sent, while it comes. */
function echo(request, response) {
  const length = request.headers['content-length']
  const headers = { 'content-type': 'application/octet-stream', ...(length && { 'content-length': length }) }
  pipeline(request, begin(response, 200, headers), () => {})
}
