/** Makes and removes the bare repositories on our disk. A repository is there as a whole or not at all. */
import { existsSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { gitError } from './git-error.ts'
import { type LocalRepository, localOptions } from './local.ts'
import { runGit } from './run-git.ts'
import { scratchName } from './scratch.ts'

/** git-http-backend(1) serves repositories that have this file, and no others. */
export const exportMarker = 'git-daemon-export-ok'

/** Makes an empty repository, beside its place first. A no-op where there is one. @throws git.failed */
export async function createRepository(repository: LocalRepository, hosted: boolean): Promise<void> {
  if (existsSync(repository.gitDir)) return
  const scratch = join(dirname(repository.gitDir), scratchName())
  await mkdir(scratch, { recursive: true })
  try {
    await initialise({ ...repository, gitDir: scratch })
    if (hosted) await writeFile(join(scratch, exportMarker), '')
    await rename(scratch, repository.gitDir)
  } catch (error) {
    await rm(scratch, { recursive: true, force: true })
    // Another process has made it in the meantime: theirs is as good.
    if (!existsSync(repository.gitDir)) throw error
  }
}

/** Adds what an existing repository lacks, and changes nothing else. @throws git.failed */
export async function initialise(repository: LocalRepository): Promise<void> {
  const args = ['init', '--quiet', '--bare', '--template=', '--', repository.gitDir]
  const result = await runGit(args, localOptions({ config: { 'init.defaultBranch': 'main' } }))
  if (result.exitCode !== 0) throw gitError(result, repository.place)
}

/** Takes the repository away in one step, then removes it. A no-op where there is none. */
export async function removeRepository(repository: LocalRepository): Promise<void> {
  const scratch = join(dirname(repository.gitDir), scratchName())
  try {
    await rename(repository.gitDir, scratch)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return
    throw error
  }
  await rm(scratch, { recursive: true, force: true })
}

/** Moves the repository into `folder`, under a name that tells when. A no-op where there is none. */
export async function setAside(repository: LocalRepository, folder: string): Promise<void> {
  if (!existsSync(repository.gitDir)) return
  await mkdir(folder, { recursive: true })
  const stamp = new Date().toISOString().replaceAll(':', '-')
  await rename(repository.gitDir, join(folder, `${basename(repository.gitDir, '.git')}-${stamp}.git`))
}
