import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { blockBytes, parseTarHeader, tarPadding } from './tar.ts'
import { type MemberFacts, partBytes } from './write.ts'

/** The file is not what `writeArchive` has written. */
export class ArchiveDamaged extends Error {
  override readonly name = 'ArchiveDamaged'
}

export interface StoredMember {
  readonly name: string
  /** To be read before the next member is asked for. */
  readonly content: AsyncGenerator<Buffer>
}

/** The members in the order in which they were written. @throws ArchiveDamaged */
export async function* readArchive(path: string): AsyncGenerator<StoredMember> {
  const parts = readParts(path)
  let next = await parts.next()
  while (!next.done) {
    const { name } = next.value
    const content = (async function* () {
      for (let part = 0; !next.done && next.value.name === name; part += 1) {
        if (next.value.part !== part) throw new ArchiveDamaged(`a part of ${name} is missing`)
        yield next.value.data
        next = await parts.next()
      }
    })()
    yield { name, content }
    for await (const _ of content) {
      // What the reader has left is passed over.
    }
  }
}

/** Reads all of it. @returns what each member is, and the text of the last one */
export async function inspectArchive(
  path: string,
): Promise<{ members: MemberFacts[]; last: { name: string; text: string } }> {
  const members: MemberFacts[] = []
  let tail: Buffer[] = []
  for await (const { name, content } of readArchive(path)) {
    const hash = createHash('sha256')
    let bytes = 0
    tail = []
    for await (const data of content) {
      hash.update(data)
      bytes += data.length
      tail = bytes > partBytes ? [] : [...tail, data]
    }
    members.push({ name, bytes, sha256: hash.digest('hex') })
  }
  const last = members.pop()
  if (!last) throw new ArchiveDamaged('there is nothing in it')
  return { members, last: { name: last.name, text: Buffer.concat(tail).toString('utf8') } }
}

interface Part {
  readonly name: string
  readonly part: number
  readonly data: Buffer
}

async function* readParts(path: string): AsyncGenerator<Part> {
  const unpacked = createGunzip()
  // What goes wrong is told by the stream itself, to whoever reads from it.
  pipeline(createReadStream(path), unpacked).catch(() => {})
  const source = byteReader(unpacked)
  try {
    for (;;) {
      const header = parseTarHeader(await source.take(blockBytes))
      if (!header) break
      if (!(header.bytes <= partBytes)) throw new ArchiveDamaged(`${header.name} is too large`)
      const data = await source.take(header.bytes)
      await source.take(tarPadding(header.bytes))
      const match = /^(.+)\.(\d{4,})$/.exec(header.name)
      yield { name: match?.[1] ?? header.name, part: Number(match?.[2] ?? 0), data }
    }
    // To the end, where the compression has its own checksum.
    await source.drain()
  } catch (error) {
    throw damage(error)
  } finally {
    unpacked.destroy()
  }
}

function damage(error: unknown): unknown {
  if (error instanceof ArchiveDamaged) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (error instanceof RangeError || code.startsWith('Z_')) {
    return new ArchiveDamaged(error instanceof Error ? error.message : code, { cause: error })
  }
  return error
}

/** Gives the bytes of a stream in the amounts that are asked for. */
function byteReader(stream: AsyncIterable<Buffer>) {
  const chunks = stream[Symbol.asyncIterator]()
  let kept: Buffer[] = []
  let bytes = 0
  return {
    async take(count: number): Promise<Buffer> {
      while (bytes < count) {
        const { done, value } = await chunks.next()
        if (done) throw new ArchiveDamaged('it ends too early')
        kept.push(value)
        bytes += value.length
      }
      const all = kept.length === 1 ? (kept[0] as Buffer) : Buffer.concat(kept)
      kept = [all.subarray(count)]
      bytes = all.length - count
      return all.subarray(0, count)
    },
    async drain(): Promise<void> {
      for (;;) if ((await chunks.next()).done) return
    },
  }
}
