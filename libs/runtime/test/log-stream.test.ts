import { expect, test } from 'vitest'
import { parseLogStream } from '../src/docker/log-stream.ts'

function frame(stream: number, text: string): Buffer {
  const body = Buffer.from(text)
  const header = Buffer.alloc(8)
  header[0] = stream
  header.writeUInt32BE(body.length, 4)
  return Buffer.concat([header, body])
}

test('frames are put together however the network has cut them', async () => {
  const bytes = Buffer.concat([
    frame(1, '2026-11-23T10:00:00.123456789Z hello € world\n'),
    frame(2, '2026-11-23T10:00:01Z \n'),
    frame(1, '2026-11-23T10:00:02Z cut at 16 KB'),
  ])
  for (const size of [1, 3, 1_000]) {
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
      bytes.subarray(index * size, (index + 1) * size),
    )
    const lines = await Array.fromAsync(parseLogStream(asAsync(chunks)))
    expect(lines).toEqual([
      { at: new Date('2026-11-23T10:00:00.123Z'), stream: 'stdout', text: 'hello € world' },
      { at: new Date('2026-11-23T10:00:01Z'), stream: 'stderr', text: '' },
      { at: new Date('2026-11-23T10:00:02Z'), stream: 'stdout', text: 'cut at 16 KB' },
    ])
  }
})

async function* asAsync(chunks: Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks
}
