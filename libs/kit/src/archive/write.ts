/** One compressed file of many members, whole or not at all; nothing is ever in memory as a whole. */
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { blockBytes, tarHeader, tarPadding } from './tar.ts'

export interface Member {
  readonly name: string
  readonly content: AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>
}

export interface MemberFacts {
  readonly name: string
  readonly bytes: number
  readonly sha256: string
}

/** A tar says the length of each entry before its content: a member comes in parts that fit into memory. */
export const partBytes = 4 * 1024 * 1024

/**
 * Writes a gzipped tar, for its owner only. A member `a` becomes the entries `a.0000`, `a.0001`, …; one more
 * is made at the end, by `last`, from what is known of the others by then. The file takes its place when it
 * is complete and on the disk; until then, what was there before stays.
 */
export async function writeArchive(
  path: string,
  members: AsyncIterable<Member>,
  last: (facts: readonly MemberFacts[]) => { readonly name: string; readonly text: string },
): Promise<void> {
  const draft = `${path}.part`
  await rm(draft, { force: true })
  try {
    const file = createWriteStream(draft, { flags: 'wx', mode: 0o600, flush: true })
    await pipeline(Readable.from(tarBlocks(members, last), { objectMode: false }), createGzip(), file)
    await rename(draft, path)
    await syncFolder(dirname(path))
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}

async function* tarBlocks(
  members: AsyncIterable<Member>,
  last: (facts: readonly MemberFacts[]) => { readonly name: string; readonly text: string },
): AsyncGenerator<Buffer> {
  const now = new Date()
  const facts: MemberFacts[] = []
  for await (const member of members) facts.push(yield* memberBlocks(member, now))
  const { name, text } = last(facts)
  yield* entryBlocks(name, Buffer.from(text), now)
  yield Buffer.alloc(2 * blockBytes)
}

async function* memberBlocks({ name, content }: Member, now: Date): AsyncGenerator<Buffer, MemberFacts> {
  const hash = createHash('sha256')
  let bytes = 0
  let part = 0
  for await (const piece of pieces(content)) {
    hash.update(piece)
    bytes += piece.length
    yield* entryBlocks(partName(name, part), piece, now)
    part += 1
  }
  return { name, bytes, sha256: hash.digest('hex') }
}

/** The same content in pieces of one size, but for the last; one empty piece where there is nothing. */
async function* pieces(content: Member['content']): AsyncGenerator<Buffer> {
  let kept: Buffer[] = []
  let bytes = 0
  for await (const chunk of content) {
    let rest = typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk)
    while (bytes + rest.length >= partBytes) {
      const fitting = rest.subarray(0, partBytes - bytes)
      yield Buffer.concat([...kept, fitting])
      rest = rest.subarray(fitting.length)
      kept = []
      bytes = 0
    }
    kept.push(rest)
    bytes += rest.length
  }
  yield Buffer.concat(kept)
}

function* entryBlocks(name: string, content: Buffer, now: Date): Generator<Buffer> {
  yield tarHeader({ name, bytes: content.length }, now)
  if (content.length > 0) yield content
  const padding = tarPadding(content.length)
  if (padding > 0) yield Buffer.alloc(padding)
}

function partName(name: string, part: number): string {
  return `${name}.${part.toString().padStart(4, '0')}`
}

/** A rename is on the disk when its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
