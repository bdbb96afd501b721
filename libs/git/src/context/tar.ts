/** The tars of git-archive(1), one after the other as one: ustar with pax headers (pax(1)), in blocks of 512 bytes. */
const block = 512
const typeOffset = 156

/** Two empty blocks. */
export const endOfTar = Buffer.alloc(2 * block)

/** What stands in place of a small file: its content and size; null: the file itself. */
export type Replace = (
  data: Buffer,
  name: string,
) => Promise<{ readonly size: number; readonly content: AsyncIterable<Buffer> } | null>

/** Bytes of a file that may be replaced at most. */
const smallFile = 1_024

/** The entries as they are, but for the files that are replaced; the end is left out. */
export async function* filesOfTar(source: AsyncIterable<Buffer>, replace: Replace): AsyncGenerator<Buffer> {
  const blocks = readBlocks(source)
  let longName: string | null = null
  for (;;) {
    const header = await blocks.take(block)
    if (header === null || header.every((byte) => byte === 0)) break
    const size = octalAt(header, 124, 12)
    const type = String.fromCharCode(header[typeOffset] ?? 0)
    const isFile = type === '0' || type === '\0'
    const isSmall = size > 0 && size <= smallFile
    if (type !== 'x' && !(isFile && isSmall)) {
      yield header
      yield* blocks.pass(padded(size))
      longName = null
      continue
    }
    const data = await blocks.take(padded(size))
    if (data === null) break
    const content = data.subarray(0, size)
    if (type === 'x') longName = paxPath(content) ?? longName
    const other = isFile ? await replace(content, longName ?? nameOf(header)) : null
    if (other) yield* entry(header, other.size, other.content)
    else yield Buffer.concat([header, data])
    if (isFile) longName = null
  }
  // git must not be kept waiting with what follows the end.
  await blocks.drain()
}

async function* entry(header: Buffer, size: number, content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const sized = Buffer.from(header)
  sized.write(`${size.toString(8).padStart(11, '0')}\0`, 124, 'latin1')
  sized.write(' '.repeat(8), 148, 'latin1')
  const sum = sized.reduce((total, byte) => total + byte, 0)
  sized.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  yield sized
  yield* content
  if (padded(size) > size) yield Buffer.alloc(padded(size) - size)
}

function padded(size: number): number {
  return Math.ceil(size / block) * block
}

function octalAt(header: Buffer, start: number, length: number): number {
  return Number.parseInt(header.toString('latin1', start, start + length), 8) || 0
}

function textAt(header: Buffer, start: number, length: number): string {
  return header.toString('utf8', start, start + length).split('\0', 1)[0] ?? ''
}

function nameOf(header: Buffer): string {
  const folder = textAt(header, 345, 155)
  return `${folder === '' ? '' : `${folder}/`}${textAt(header, 0, 100)}`
}

/** Records are `LENGTH KEY=VALUE\n`. */
function paxPath(content: Buffer): string | null {
  return /(?:^|\n)\d+ path=(.*)\n/.exec(content.toString('utf8'))?.[1] ?? null
}

function readBlocks(source: AsyncIterable<Buffer>) {
  const chunks = source[Symbol.asyncIterator]()
  let rest: Buffer = Buffer.alloc(0)

  const more = async (): Promise<boolean> => {
    const { done, value } = await chunks.next()
    if (done) return false
    rest = rest.length === 0 ? value : Buffer.concat([rest, value])
    return true
  }

  return {
    /** Null where the stream ends before. */
    async take(size: number): Promise<Buffer | null> {
      while (rest.length < size) if (!(await more())) return null
      const taken = rest.subarray(0, size)
      rest = rest.subarray(size)
      return taken
    },
    async *pass(size: number): AsyncGenerator<Buffer> {
      let left = size
      while (left > 0) {
        if (rest.length === 0 && !(await more())) return
        const part = rest.subarray(0, left)
        rest = rest.subarray(part.length)
        left -= part.length
        yield part
      }
    },
    async drain(): Promise<void> {
      do rest = Buffer.alloc(0)
      while (await more())
    },
  }
}
