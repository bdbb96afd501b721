/** Repositories that Tagship hosts itself. */
import { existsSync } from 'node:fs'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { AppName } from '@tagship/domain'
import { createRepository, exportMarker, initialise } from './create-repository.ts'
import { localRepository } from './local.ts'
import { removeStaleLocks } from './stale-locks.ts'

/**
 * Makes the app's repository where there is none, and mends one that is half made. Nothing that was pushed
 * is touched. To be called when an app is added and when the controller starts.
 * @returns the repository's folder. @throws git.failed
 */
export async function ensureHosted(folder: string, app: AppName): Promise<string> {
  const repository = localRepository(resolve(folder), app)
  const { gitDir } = repository
  if (!existsSync(gitDir)) {
    await createRepository(repository, true)
    return gitDir
  }
  await mendHosted(folder, app)
  await initialise(repository)
  await writeFile(join(gitDir, exportMarker), '')
  return gitDir
}

/** What a killed git or a power failure leaves in the app's repository is put right; a no-op where nothing is. */
export async function mendHosted(folder: string, app: AppName): Promise<void> {
  const repository = localRepository(resolve(folder), app)
  if (!existsSync(repository.gitDir)) return
  await removeStaleLocks(repository.gitDir)
  await removeEmptyRefs(repository.gitDir)
  if (await removeBrokenHead(repository.gitDir)) await initialise(repository)
}

/** An empty HEAD makes git say "not a repository"; `git init` writes it anew. @returns whether it was broken */
async function removeBrokenHead(gitDir: string): Promise<boolean> {
  const path = join(gitDir, 'HEAD')
  const head = await readFile(path, 'utf8').catch(() => '')
  if (/^(ref: refs\/|[0-9a-f]{40}\s*$)/.test(head)) return false
  await rm(path, { force: true })
  return true
}

/** git cannot replace a ref that a power failure has emptied: the next push of the same tag would be refused. */
async function removeEmptyRefs(gitDir: string): Promise<void> {
  const entries = await readdir(join(gitDir, 'refs'), { recursive: true, withFileTypes: true }).catch(
    () => [],
  )
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name)
    if ((await readFile(path, 'utf8').catch(() => 'gone')).trim() === '') await rm(path, { force: true })
  }
}
