import { createHash } from 'node:crypto'
import {
  access,
  chmod,
  constants,
  link,
  mkdir,
  open,
  readFile,
  realpath,
  rm,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
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
  if (!(await isThere(path))) await placeOnce(path, make())
  await chmod(path, 0o600)
  return (await readFile(path, 'utf8')).trim()
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** On disk in full under another name first, so that a crash never leaves half of it; who comes second loses. */
async function placeOnce(path: string, content: string): Promise<void> {
  const draft = `${path}.new`
  await rm(draft, { force: true })
  await writeFile(draft, content, { mode: 0o600, flag: 'wx', flush: true })
  try {
    await link(draft, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  await rm(draft)
  await using folder = await open(dirname(path))
  await folder.sync()
}
