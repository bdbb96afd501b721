/** Repositories that Tagship hosts itself. */
import { existsSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
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
  await removeStaleLocks(gitDir)
  await removeBrokenHead(gitDir)
  await initialise(repository)
  await writeFile(join(gitDir, exportMarker), '')
  return gitDir
}

/** A power failure may leave an empty file, which git takes for "not a repository"; `git init` writes it anew. */
async function removeBrokenHead(gitDir: string): Promise<void> {
  const path = join(gitDir, 'HEAD')
  const head = await readFile(path, 'utf8').catch(() => '')
  if (!/^(ref: refs\/|[0-9a-f]{40}\s*$)/.test(head)) await rm(path, { force: true })
}
