/** The files of a Postgres: made once, whole or not at all. */
import { randomBytes } from 'node:crypto'
import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TagshipError } from '@tagship/domain'
import { type CommandResult, runCommand } from '@tagship/kit'
import type { Account } from './postgres-account.ts'
import type { Binaries } from './postgres-binaries.ts'
import { codeOf } from './processes.ts'

/**
 * Makes a password for the database where there is none, at random, in a file that only its owner reads. On disk
 * before anything depends on it.
 */
export async function ensurePassword(folder: string): Promise<void> {
  const path = passwordFileOf(folder)
  const isNew = !(await exists(join(folder, 'postgres')))
  // Before there is a cluster an empty file is what a power cut has left of an attempt.
  if (isNew && (await readFile(path, 'utf8').catch(() => '')) === '') await rm(path, { force: true })
  try {
    const password = randomBytes(24).toString('base64url')
    await writeFile(path, password, { mode: 0o600, flag: 'wx', flush: true })
  } catch (cause) {
    if (codeOf(cause) !== 'EEXIST') {
      throw new TagshipError('data.notWritable', `${path} cannot be written`, { cause })
    }
  }
}

/** @throws database.unavailable where somebody has emptied the file */
export async function readPassword(folder: string): Promise<string> {
  const path = passwordFileOf(folder)
  const password = (await readFile(path, 'utf8')).trim()
  if (password !== '') return password
  throw new TagshipError(
    'database.unavailable',
    `${path} is empty, and the database beside it has a password: put the file back from a backup`,
  )
}

const passwordFileOf = (folder: string) => join(folder, 'postgres.password')

/**
 * Makes the cluster, with a database `tagship` that the role `tagship` owns, where there is none. It is made
 * beside its place and moved there when it is complete, so that a crash leaves nothing half done.
 */
export async function ensureCluster(
  dataDir: string,
  passwordFile: string,
  binaries: Binaries,
  account: Account,
): Promise<void> {
  if (await exists(join(dataDir, 'PG_VERSION'))) return
  const fresh = `${dataDir}.new`
  await rm(fresh, { recursive: true, force: true })
  await mkdir(fresh, { mode: 0o700 })
  await account.own(fresh)
  const options = [
    '--username=tagship',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
  ]
  const locale = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C']
  await run(account, [binaries.initdb, '-D', fresh, ...options, ...locale])
  const single = [binaries.postgres, '--single', '-D', fresh, 'postgres']
  await run(account, single, 'CREATE DATABASE tagship\n')
  await rename(fresh, dataDir)
}

async function run(account: Account, command: readonly string[], input?: string): Promise<void> {
  const [file = '', ...args] = [...account.prefix, ...command]
  const result = await runCommand(file, args, { timeout: 120_000, ...(input === undefined ? {} : { input }) })
  if (result.exitCode === 0) return
  throw new TagshipError('database.unavailable', `Postgres cannot be set up: ${lastWords(result)}`)
}

function lastWords(result: CommandResult): string {
  if (result.timedOut) return 'it took longer than two minutes'
  return result.startError ?? result.stderr.trimEnd().split('\n').slice(-3).join(' / ')
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
