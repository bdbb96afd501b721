/**
 * WebSockets that live for a while and send a number each 250 ms, which has to come back. They are closed
 * by the prober and by nobody else.
 */
import { type RawData, WebSocket } from 'ws'
import type { Lane, Target } from '../lane.ts'
import type { ProbeRequest } from '../request.ts'

const messageEveryMs = 250

export function webSocket(target: Target): Lane {
  let socket: WebSocket | undefined
  return {
    send: (request) => {
      const url = new URL('/ws', target.origin)
      url.protocol = target.origin.protocol === 'https:' ? 'wss:' : 'ws:'
      socket = new WebSocket(url, {
        headers: { host: target.host },
        perMessageDeflate: false,
        handshakeTimeout: target.timeoutMs,
      })
      return converse(socket, request, target)
    },
    close: async () => socket?.terminate(),
  }
}

/** Talks until the time is over, then closes; rejects for whatever else happens. */
function converse(socket: WebSocket, request: ProbeRequest, target: Target): Promise<void> {
  return new Promise((resolve, reject) => {
    let sequence = 0
    let endsAt = 0
    let closing = false
    let timer: NodeJS.Timeout | undefined

    const fail = (error: Error) => {
      clearTimeout(timer)
      reject(error)
      socket.terminate()
    }
    const failAfterTimeout = (what: string) => {
      timer = setTimeout(() => fail(new Error(`${what} within ${target.timeoutMs} ms`)), target.timeoutMs)
    }
    const say = () => {
      socket.send(String(sequence))
      failAfterTimeout(`no echo of message ${sequence}`)
    }
    const sayGoodbye = () => {
      closing = true
      socket.close(1000)
      failAfterTimeout('the close was not answered')
    }
    const hear = (data: RawData) => {
      clearTimeout(timer)
      const heard = String(data)
      if (heard !== String(sequence)) {
        return fail(new Error(`"${heard.slice(0, 20)}" came back where ${sequence} was due`))
      }
      sequence += 1
      request.alive()
      const left = endsAt - performance.now()
      timer =
        left > messageEveryMs ? setTimeout(say, messageEveryMs) : setTimeout(sayGoodbye, Math.max(0, left))
    }

    socket.on('upgrade', ({ statusCode = 0, headers }) => request.answered({ status: statusCode, headers }))
    socket.on('unexpected-response', (_, { statusCode = 0, headers }) => {
      request.answered({ status: statusCode, headers })
      fail(new Error(`answered ${statusCode} in place of an upgrade`))
    })
    socket.on('open', () => {
      endsAt = performance.now() + target.webSocketMs
      say()
    })
    socket.on('message', hear)
    socket.on('error', fail)
    socket.on('close', (code) => {
      clearTimeout(timer)
      if (closing && code === 1000) resolve()
      else fail(new Error(`cut with code ${code} after ${sequence} messages`))
    })
  })
}
