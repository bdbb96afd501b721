import { access, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { BackupReport, ControllerMessageInput } from '@tagship/api'
import { TagshipError } from '@tagship/domain'
import { bundleRepository, listHosted } from '@tagship/git'
import { createLogger, type Member, writeArchive } from '@tagship/kit'
import { type DatabaseDump, openDump } from '@tagship/store'
import { openDataFolder } from '../data-folder.ts'
import type { Options } from '../options.ts'
import { reachDatabase } from '../reach-database.ts'
import { version } from '../version.ts'
import { refuseHalfRestored } from './half-restored.ts'
import { backupFile, repositoryMember, tableMember, writeManifest } from './manifest.ts'

/**
 * Writes everything that cannot be had again into one file: the rows as of one moment, and the repositories
 * that Tagship hosts, as they are after that moment, so that every commit which a row names is in them. The
 * controller may run meanwhile, or not. Images are not in it, nor is the key of the secrets.
 * @throws backup.*, input.invalid, database.unavailable, git.failed
 */
export async function backup(
  options: Options,
  tell: (message: ControllerMessageInput) => void,
): Promise<BackupReport> {
  const file = backupFile(options)
  await refuseExisting(file, options.yes)
  const log = createLogger('backup', 'warn')
  await access(options.data).catch((cause) => {
    throw new TagshipError('input.invalid', `there is no installation in ${options.data}`, { cause })
  })
  const data = await openDataFolder(options.data)
  await refuseHalfRestored(data)
  const database = await reachDatabase(options, data, log)
  try {
    const dump = await openDump(database.url)
    try {
      const progress = (text: string) => tell({ type: 'progress', text })
      return await write(file, dump, join(data.path, 'git'), data.installation, progress)
    } finally {
      await dump.close()
    }
  } finally {
    await database.leave()
  }
}

async function write(
  file: string,
  dump: DatabaseDump,
  gitFolder: string,
  installation: string,
  progress: (text: string) => void,
): Promise<BackupReport> {
  const createdAt = new Date().toISOString()
  const tagship = await version()
  const { migrations, sequences, secretKeys } = dump
  const hosted = await listHosted(gitFolder)
  const names = new Set(hosted.map(({ name }) => name))
  const missing = [...dump.hosted.keys()]
    .filter((app) => !names.has(app))
    .map((app) => `repository of ${app}`)
  const rows: Record<string, number> = {}

  async function* tableRows(table: string): AsyncGenerator<string> {
    rows[table] = 0
    for await (const line of dump.rows(table)) {
      rows[table] += 1
      yield line
    }
  }
  async function* members(): AsyncGenerator<Member> {
    for (const table of dump.tables) yield { name: tableMember(table), content: tableRows(table) }
    progress(`${total(rows)} rows of ${dump.tables.length} tables`)
    for (const repository of hosted) {
      const commits = dump.hosted.get(repository.name) ?? []
      yield {
        name: repositoryMember(repository.name),
        content: bundleRepository(gitFolder, repository, commits),
      }
      progress(`repository ${repository.name}`)
    }
  }

  await writeArchive(file, members(), (facts) => {
    const repositories = hosted.map(({ name }) => {
      const member = facts.find((fact) => fact.name === repositoryMember(name))
      return { name, member: member && member.bytes > 0 ? member.name : null }
    })
    const content = { createdAt, tagship, installation, migrations: [...migrations], rows, sequences }
    return writeManifest({ ...content, repositories, secretKeys: [...secretKeys], members: [...facts] })
  }).catch((error) => {
    throw unwritable(file, error)
  })
  const { size: bytes } = await stat(file)
  const apps = rows.apps ?? 0
  return { file, bytes, rows: total(rows), apps, repositories: hosted.length, missing }
}

function total(rows: Readonly<Record<string, number>>): number {
  return Object.values(rows).reduce((sum, count) => sum + count, 0)
}

async function refuseExisting(file: string, yes: boolean): Promise<void> {
  const there = await stat(file).catch(() => null)
  if (there?.isDirectory()) throw new TagshipError('backup.notWritable', `${file} is a folder`)
  if (there && !yes) throw new TagshipError('backup.exists', `${file} is there already`)
}

const noPlace = [
  'ENOSPC',
  'EDQUOT',
  'EACCES',
  'EPERM',
  'ENOENT',
  'ENOTDIR',
  'EROFS',
  'EISDIR',
  'EFBIG',
  'EIO',
]

function unwritable(file: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (error instanceof TagshipError || !noPlace.includes(code)) return error
  const why = code === 'ENOSPC' ? 'the disk is full' : (error as Error).message
  return new TagshipError('backup.notWritable', `${file}: ${why}`, { cause: error })
}
