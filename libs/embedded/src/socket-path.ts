import { createHash } from 'node:crypto'
import { lstat, mkdir, realpath } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TagshipError } from '@tagship/domain'

/** Systems allow 104 to 108 bytes for the path of a unix socket. */
const longest = 100

/** Where in the folder, or for a folder with a long path in a private one in its stead, a socket may be. */
export async function socketPathIn(folder: string, name: string): Promise<string> {
  const home = await realpath(folder)
  const path = join(home, name)
  if (Buffer.byteLength(path) <= longest) return path
  const id = createHash('sha256').update(home).digest('hex').slice(0, 16)
  return join(await privateFolder(join(tmpdir(), `tagship-${id}`)), name)
}

/** In a folder that everybody may write to, one of this name may have been laid out by somebody else. */
async function privateFolder(path: string): Promise<string> {
  await mkdir(path, { mode: 0o700, recursive: true })
  const found = await lstat(path)
  const mine = found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o077) === 0
  if (mine) return path
  throw new TagshipError('data.notWritable', `${path} belongs to somebody else; remove it and try again`)
}
