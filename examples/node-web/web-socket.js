/**
 * A WebSocket (RFC 6455) that echoes: just enough of the protocol to do without a dependency. A message has
 * to be one frame of at most 1 MB.
 */
import { createHash } from 'node:crypto'

const text = 1
const binary = 2
const close = 8
const ping = 9
const pong = 10
const longestFrame = 1_000_000

/** Accepts the upgrade; @returns what closes the WebSocket from our side */
export function acceptWebSocket(request, socket, head, headers) {
  const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
  const accept = createHash('sha1').update(key).digest('base64')
  const lines = Object.entries({
    upgrade: 'websocket',
    connection: 'upgrade',
    'sec-websocket-accept': accept,
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`)
  socket.on('error', () => socket.destroy())

  let received = Buffer.alloc(0)
  const read = (chunk) => {
    received = Buffer.concat([received, chunk])
    for (let frame = parseFrame(received); frame; frame = parseFrame(received)) {
      if (frame.size > longestFrame) return socket.destroy()
      received = received.subarray(frame.length)
      answer(socket, frame)
    }
  }
  read(head)
  socket.on('data', read)
  return { close: (code) => socket.write(encodeFrame(close, Buffer.from([code >> 8, code & 255]))) }
}

function answer(socket, { opcode, payload }) {
  if (opcode === text || opcode === binary) socket.write(encodeFrame(opcode, payload))
  else if (opcode === ping) socket.write(encodeFrame(pong, payload))
  else if (opcode === close) socket.end(encodeFrame(close, payload.subarray(0, 2)))
}

/** The first whole frame in the bytes, or null. What clients send is masked. */
function parseFrame(bytes) {
  if (bytes.length < 2) return null
  const short = bytes[1] & 127
  const extended = short === 126 ? 2 : short === 127 ? 8 : 0
  const start = 2 + extended + 4
  if (bytes.length < start) return null
  const size = extended === 0 ? short : bytes.readUIntBE(extended === 2 ? 2 : 4, extended === 2 ? 2 : 6)
  if (size > longestFrame) return { size }
  if (bytes.length < start + size) return null
  const mask = bytes.subarray(start - 4, start)
  const payload = bytes.subarray(start, start + size).map((byte, index) => byte ^ mask[index % 4])
  return { opcode: bytes[0] & 15, payload, size, length: start + size }
}

function encodeFrame(opcode, payload) {
  const size = payload.length
  const header = Buffer.alloc(size < 126 ? 2 : size < 65_536 ? 4 : 10)
  header[0] = 128 | opcode
  header[1] = size < 126 ? size : size < 65_536 ? 126 : 127
  if (header.length === 4) header.writeUInt16BE(size, 2)
  if (header.length === 10) header.writeBigUInt64BE(BigInt(size), 2)
  return Buffer.concat([header, payload])
}
