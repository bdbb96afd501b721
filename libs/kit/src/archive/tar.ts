/** Blocks of a tar file as POSIX.1-1988 has it (ustar): what every tar reads. */

export const blockBytes = 512

export interface TarHeader {
  /** At most 100 bytes. */
  readonly name: string
  readonly bytes: number
}

/** A file for its owner only. @throws RangeError where the name does not fit */
export function tarHeader({ name, bytes }: TarHeader, now: Date): Buffer {
  const block = Buffer.alloc(blockBytes)
  if (block.write(name, 0, 101) > 100) throw new RangeError(`the name is too long for a tar: ${name}`)
  block.write('0000600\0', 100)
  block.write('0000000\0', 108)
  block.write('0000000\0', 116)
  block.write(`${bytes.toString(8).padStart(11, '0')}\0`, 124)
  block.write(
    `${Math.floor(now.getTime() / 1000)
      .toString(8)
      .padStart(11, '0')}\0`,
    136,
  )
  block.write('0', 156)
  block.write('ustar\x0000', 257)
  block.write(`${checksum(block).toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

/** Null for the empty block that ends a tar. @throws RangeError for anything that is no header */
export function parseTarHeader(block: Buffer): TarHeader | null {
  if (block.every((byte) => byte === 0)) return null
  const told = Number.parseInt(block.toString('latin1', 148, 154), 8)
  if (told !== checksum(block)) throw new RangeError('a header is damaged')
  const end = block.indexOf(0)
  const name = block.toString('utf8', 0, Math.min(end < 0 ? 100 : end, 100))
  return { name, bytes: Number.parseInt(block.toString('latin1', 124, 135), 8) }
}

/** What follows content of this length, up to the next block. */
export function tarPadding(bytes: number): number {
  return (blockBytes - (bytes % blockBytes)) % blockBytes
}

/** Over the block, with blanks in place of the sum itself. */
function checksum(block: Buffer): number {
  let sum = 8 * 0x20
  for (const [at, byte] of block.entries()) if (at < 148 || at >= 156) sum += byte
  return sum
}
