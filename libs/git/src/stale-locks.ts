/** git's own lock files, left behind by a git that was killed: they would block a ref for ever. */
import { lstat, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** git holds the lock of a ref for milliseconds; one of this age (in milliseconds) belongs to nobody. */
const staleAfter = 20_000

/** Removes the lock files of the repository that nobody can hold any more. */
export async function removeStaleLocks(gitDir: string): Promise<void> {
  const top = await readdir(gitDir).catch(() => [])
  const refs = await readdir(join(gitDir, 'refs'), { recursive: true }).catch(() => [])
  const names = [...top, ...refs.map((name) => join('refs', name))].filter((name) => name.endsWith('.lock'))
  await Promise.all(names.map((name) => removeWhereStale(join(gitDir, name))))
}

async function removeWhereStale(path: string): Promise<void> {
  const found = await lstat(path).catch(() => null)
  if (found?.isFile() && Date.now() - found.mtimeMs > staleAfter) await rm(path, { force: true })
}
