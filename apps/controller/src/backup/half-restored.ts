import { access, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TagshipError } from '@tagship/domain'
import { findPostgres } from '@tagship/embedded'
import { type DataFolder, openDataFolder } from '../data-folder.ts'
import { lockStart } from '../join-folder.ts'

/** Stands in the data folder from before the first until after the last thing that a restore makes. */
const mark = 'restoring'

/** @throws restore.unfinished where a restore has begun here, and did not come to its end */
export async function refuseHalfRestored({ path }: DataFolder): Promise<void> {
  const unfinished = await access(join(path, mark)).then(
    () => true,
    () => false,
  )
  if (unfinished) throw new TagshipError('restore.unfinished', `${path} is half restored`)
}

/**
 * Takes an empty folder (made where it is missing) for a restore, or one in which a restore did not finish;
 * what that has left goes first.
 * @throws restore.notEmpty, installation.busy, data.notWritable
 */
export async function takeEmptyFolder(
  folder: string,
): Promise<{ data: DataFolder; lock: AsyncDisposable; done(): Promise<void> }> {
  const data = await openDataFolder(folder)
  const found = await readdir(data.path)
  if (!found.includes(mark)) {
    if (found.length > 0) throw new TagshipError('restore.notEmpty', `${data.path} is not empty`)
    await writeFile(join(data.path, mark), '', { mode: 0o600 })
  }
  const lock = await lockStart(data)
  try {
    await (await findPostgres(data.path))?.stop()
    for (const name of found.filter((one) => one !== mark))
      await rm(join(data.path, name), { recursive: true, force: true })
  } catch (error) {
    await lock[Symbol.asyncDispose]()
    throw error
  }
  return { data, lock, done: () => rm(join(data.path, mark)) }
}
