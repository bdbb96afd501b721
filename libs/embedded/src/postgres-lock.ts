import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** Longer than a server takes from making the file to its first line. */
const settledMs = 2_000

/**
 * Postgres refuses to start over an empty postmaster.pid, which is what a power cut may leave of it. A server that
 * runs has written its first line into it long since.
 */
export async function forgetEmptyLock(dataDir: string): Promise<void> {
  const path = join(dataDir, 'postmaster.pid')
  const found = await stat(path).catch(() => null)
  if (found?.size === 0 && Date.now() - found.mtimeMs > settledMs) await rm(path, { force: true })
}
