import { createWriteStream } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ControllerMessageInput, RestoreReport } from '@tagship/api'
import { createDockerBuilder } from '@tagship/builder'
import { releaseName, TagshipError } from '@tagship/domain'
import { startPostgres } from '@tagship/embedded'
import { restoreRepository } from '@tagship/git'
import { createDocker, createLogger, type Logger, readArchive } from '@tagship/kit'
import { migrate, openLoad, openStore, parseSecretKey, type SecretKey, type Store } from '@tagship/store'
import type { DataFolder } from '../data-folder.ts'
import { verdictOf } from '../http/verify-history.ts'
import type { Options } from '../options.ts'
import { keyFile, keyVariable, secretKeyOf } from '../secret-key.ts'
import { takeEmptyFolder } from './half-restored.ts'
import { backupFile, type Manifest, readManifest, tableMember } from './manifest.ts'

/**
 * Makes an installation from a backup, in an empty data folder. The file is checked as a whole before anything
 * is made; from then on until the end the folder is marked, so that no controller takes a half for a whole.
 * What serves is brought back by the controller, once it is up.
 * @throws backup.damaged, database.tooNew, restore.*, installation.busy
 */
export async function restore(
  options: Options,
  tell: (message: ControllerMessageInput) => void,
): Promise<RestoreReport> {
  const progress = (text: string) => tell({ type: 'progress', text })
  const log = createLogger('restore', 'warn')
  const file = backupFile(options)
  const manifest = await readManifest(file)
  progress(`${file} is whole; it was made at ${manifest.createdAt}`)
  const { key, warnings } = await keyFor(manifest, options)

  const { data, lock, done } = await takeEmptyFolder(options.data)
  await using _ = lock
  if (key) await writeFile(join(data.path, keyFile), key.text, { mode: 0o600 })
  const postgres = options.databaseUrl === null ? await startPostgres({ folder: data.path, log }) : null
  const url = options.databaseUrl ?? postgres?.url ?? ''
  const found = await restoreInto(url, file, manifest, options, data, log, progress).finally(() =>
    postgres?.stop(),
  )
  await done()
  return { ...describe(manifest, data), ...found, warnings }
}

async function restoreInto(
  url: string,
  file: string,
  manifest: Manifest,
  options: Options,
  data: DataFolder,
  log: Logger,
  progress: (text: string) => void,
) {
  await load(file, manifest, url, data, progress)
  await migrate(url)
  const secretKey = await secretKeyOf(options.secretKey, data)
  return settle(manifest, { url, log, secretKey }, data)
}

/** @throws restore.keyMissing, secret.* */
async function keyFor(
  { secretKeys }: Manifest,
  { keyFile, secretKey }: Options,
): Promise<{ key: (SecretKey & { readonly text: string }) | null; warnings: string[] }> {
  const text = keyFile === null ? secretKey : await readKey(keyFile)
  if (text === null) {
    if (secretKeys.length === 0) return { key: null, warnings: [] }
    throw new TagshipError('restore.keyMissing', `secrets are sealed with the key ${secretKeys.join(', ')}`)
  }
  const key = parseSecretKey(text, keyFile ?? keyVariable)
  const others = secretKeys.filter((id) => id !== key.id)
  if (others.length > 0 && others.length === secretKeys.length) {
    const detail = `the secrets are sealed with the key ${others.join(', ')}; the one given is ${key.id}`
    throw new TagshipError('secret.wrongKey', detail)
  }
  const warnings = others.map((id) => `secrets that are sealed with the key ${id} cannot be opened`)
  return { key: keyFile === null ? null : { ...key, text }, warnings }
}

async function readKey(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause) => {
    throw new TagshipError('input.invalid', `${path} cannot be read: ${cause.message}`, { cause })
  })
}

/** Rows and repositories, in the order of the file. @throws backup.damaged */
async function load(
  file: string,
  manifest: Manifest,
  url: string,
  data: DataFolder,
  progress: (text: string) => void,
): Promise<void> {
  const tables = new Map(
    Object.entries(manifest.rows).map(([table, count]) => [tableMember(table), { table, count }]),
  )
  const repositories = new Map(manifest.repositories.map(({ name, member }) => [member, name]))
  const gitFolder = join(data.path, 'git')
  await mkdir(gitFolder, { recursive: true })
  const database = await openLoad(url, manifest.migrations)
  try {
    for await (const { name, content } of readArchive(file)) {
      const rows = tables.get(name)
      const repository = repositories.get(name)
      if (rows) {
        const count = await database.table(rows.table, content)
        if (count === rows.count) continue
        throw new TagshipError('backup.damaged', `${rows.table}: ${count} rows instead of ${rows.count}`)
      }
      if (repository) await restoreBundle(gitFolder, repository, content)
    }
    await database.finish(manifest.sequences)
  } finally {
    await database.close()
  }
  for (const { name, member } of manifest.repositories) {
    if (member === null) await restoreRepository(gitFolder, { name }, null)
  }
  progress(`${total(manifest)} rows and ${manifest.repositories.length} repositories are back`)
}

/** git reads a bundle from a file only. */
async function restoreBundle(gitFolder: string, name: string, content: AsyncIterable<Buffer>): Promise<void> {
  const path = join(gitFolder, '.restoring.bundle')
  await pipeline(Readable.from(content), createWriteStream(path, { mode: 0o600 }))
  await restoreRepository(gitFolder, { name }, path)
  await rm(path)
}

async function settle(
  { createdAt, installation }: Manifest,
  settings: { readonly url: string; readonly log: Logger; readonly secretKey: SecretKey },
  data: DataFolder,
): Promise<Pick<RestoreReport, 'broken' | 'settled' | 'live'>> {
  const store = await openStore(settings)
  try {
    const { apps, audit } = verdictOf(await store.verifyHistory())
    const settled = await store.settleRestored(`restored from a backup of ${installation} of ${createdAt}`)
    const live = await findLive(store, data, settings.log)
    const chains = [...apps, { app: 'who did what', ...audit }]
    const broken = chains.flatMap((one) => (one.broken ? [`${one.app}: ${one.broken.problem}`] : []))
    return { broken, settled, live }
  } finally {
    await store.close()
  }
}

/** What should serve, and whether its image is here. */
async function findLive(
  store: Store,
  { installation }: DataFolder,
  log: Logger,
): Promise<RestoreReport['live']> {
  const builder = createDockerBuilder({ docker: createDocker(), installation, log })
  const live: RestoreReport['live'] = []
  for (const { name, servingDeploymentId } of await store.allApps()) {
    const serving = servingDeploymentId ? await store.deploymentById(servingDeploymentId) : null
    if (!serving) continue
    const { releaseNumber, commit, imageDigest } = serving
    const has = imageDigest ? await builder.has(imageDigest).catch(() => null) : false
    const image = has === null ? 'unknown' : has ? 'present' : 'gone'
    live.push({ app: name, release: releaseName(releaseNumber), commit, imageDigest, image })
  }
  return live
}

function describe(manifest: Manifest, { path, installation }: DataFolder) {
  const { createdAt, repositories } = manifest
  return { data: path, installation, createdAt, rows: total(manifest), repositories: repositories.length }
}

function total({ rows }: Manifest): number {
  return Object.values(rows).reduce((sum, count) => sum + count, 0)
}
