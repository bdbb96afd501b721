import { createHash } from 'node:crypto'
import { access, chmod, constants, mkdir, readFile, realpath, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TagshipError } from '@tagship/domain'

/** Where an installation keeps everything it owns, and the id that all of it carries. */
export interface DataFolder {
  readonly path: string
  /** 8 hex digits, from the folder's real path: the same folder is always the same installation. */
  readonly installation: string
}

/** Makes the folder (for its owner only) where it is missing. @throws data.notWritable */
export async function openDataFolder(folder: string): Promise<DataFolder> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK)
    const path = await realpath(folder)
    const installation = createHash('sha256').update(path).digest('hex').slice(0, 8)
    return { path, installation }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new TagshipError('data.notWritable', `${folder} cannot be used as data folder: ${why}`, { cause })
  }
}

/**
 * A random secret of the installation, the same at every start: made once, readable by its owner only.
 */
export async function installationSecret(
  data: DataFolder,
  name: string,
  make: () => string,
): Promise<string> {
  const path = join(data.path, name)
  try {
    await writeFile(path, make(), { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  await chmod(path, 0o600)
  return (await readFile(path, 'utf8')).trim()
}
