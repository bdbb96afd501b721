/**
 * The engine's log format: frames of one stream each, with a header of 8 bytes (stream, length), and a
 * timestamp before each line (Docker Engine API, "Attach to a container", stream format).
 */
import type { LogLine } from '@tagship/engine'

const headerBytes = 8

/** Holds one frame at a time, which the engine makes no larger than 16 KB and a timestamp. */
export async function* parseLogStream(chunks: AsyncIterable<string | Uint8Array>): AsyncGenerator<LogLine> {
  let pending = Buffer.alloc(0)
  for await (const chunk of chunks) {
    pending = Buffer.concat([pending, Buffer.from(chunk)])
    let offset = 0
    while (pending.length - offset >= headerBytes) {
      const end = offset + headerBytes + pending.readUInt32BE(offset + 4)
      if (pending.length < end) break
      yield toLine(pending[offset] ?? 0, pending.toString('utf8', offset + headerBytes, end))
      offset = end
    }
    pending = pending.subarray(offset)
  }
}

function toLine(stream: number, frame: string): LogLine {
  const space = frame.indexOf(' ')
  return {
    at: new Date(frame.slice(0, space)),
    stream: stream === 2 ? 'stderr' : 'stdout',
    text: frame.slice(space + 1).replace(/\r?\n$/, ''),
  }
}
