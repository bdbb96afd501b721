import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { TagshipError } from '@tagship/domain'
import { findPostgres, startPostgres } from '@tagship/embedded'
import type { Logger } from '@tagship/kit'
import type { DataFolder } from './data-folder.ts'
import { lockStart } from './join-folder.ts'
import type { Options } from './options.ts'

interface Reached {
  readonly url: string
  /** Leaves it as it was found. */
  leave(): Promise<void>
}

/**
 * The database of an installation, whether its controller runs or not. Where nothing runs its Postgres is
 * started for as long as it is needed, and a controller that starts meanwhile waits.
 * @throws input.invalid, installation.busy, database.unavailable
 */
export async function reachDatabase(options: Options, data: DataFolder, log: Logger): Promise<Reached> {
  if (options.databaseUrl !== null) return { url: options.databaseUrl, leave: async () => {} }
  if (!(await isInstalled(options, data))) {
    throw new TagshipError('input.invalid', `there is no installation in ${data.path}`)
  }
  const running = await findPostgres(data.path)
  if (running) return { url: running.url, leave: async () => {} }
  const lock = await lockStart(data)
  try {
    const postgres = await startPostgres({ folder: data.path, log })
    const leave = async () => {
      await postgres.stop()
      await lock[Symbol.asyncDispose]()
    }
    return { url: postgres.url, leave }
  } catch (error) {
    await lock[Symbol.asyncDispose]()
    throw error
  }
}

/** Whether there is a database at all. @throws where the folder cannot be looked at */
export async function isInstalled(options: Options, { path }: DataFolder): Promise<boolean> {
  if (options.databaseUrl !== null) return true
  return access(join(path, 'postgres', 'PG_VERSION')).then(
    () => true,
    (cause) => {
      if (cause.code !== 'ENOENT') throw cause
      return false
    },
  )
}
