/** One question, one answer, over a unix socket of the router. */
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { basename, dirname } from 'node:path'
import { TagshipError } from '@tagship/domain'

/** sun_path of unix(7) has 108 bytes, the last of them a zero. */
const longestSocketPath = 107

/**
 * Sends a line and returns all that comes back, without the blank lines at the end.
 * @throws router.unavailable where nothing listens, or no whole answer comes within `timeoutMs`
 */
export async function askSocket(path: string, line: string, timeoutMs = 5_000): Promise<string> {
  const { socket, folder } = await openSocket(path)
  try {
    return await exchange(socket, line, timeoutMs)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new TagshipError('router.unavailable', `the router's socket ${path}: ${why}`, { cause })
  } finally {
    socket.destroy()
    await folder?.close()
  }
}

/** A path that is too long for a unix socket is walked from its open folder, which always has a short name. */
async function openSocket(path: string): Promise<{ socket: Socket; folder: FileHandle | null }> {
  if (Buffer.byteLength(path) <= longestSocketPath) return { socket: connect(path), folder: null }
  const folder = await open(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY).catch((cause) => {
    throw new TagshipError('router.unavailable', `there is no router in ${dirname(path)}`, { cause })
  })
  return { socket: connect(`/proc/self/fd/${folder.fd}/${basename(path)}`), folder }
}

function exchange(socket: Socket, line: string, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
    // HAProxy gives up waiting for anything once our end is closed: until then a blank line is the end of its answer.
    const waits = line.startsWith('wait ')
    const answer = () => Buffer.concat(chunks).toString()
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      if (waits && answer().endsWith('\n\n')) resolve(answer().trimEnd())
    })
    socket.on('error', reject)
    socket.on('end', () => resolve(answer().trimEnd()))
    socket.on('close', () => {
      clearTimeout(timer)
      reject(new Error('the connection was cut'))
    })
    socket.write(`${line}\n`)
    if (!waits) socket.end()
  })
}
