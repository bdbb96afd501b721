/** Brings a database to the schema of this version, without Prisma's CLI. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { TagshipError } from '@tagship/domain'
import { translateFailure } from './failures.ts'
import { migrationAdapter } from './schema-engine/adapter.ts'
import { withClient } from './schema-engine/database.ts'
import { createSchemaEngine } from './schema-engine/engine.ts'

const folder = new URL('../../../prisma/migrations/', import.meta.url)

/**
 * Applies what is missing; several processes may do so at once. Where nothing is missing it costs one query.
 * @returns the names of the migrations that were applied
 * @throws database.unavailable, database.tooNew
 */
export async function migrate(url: string): Promise<string[]> {
  try {
    const known = migrationNames()
    const applied = await appliedMigrations(url)
    refuseUnknown('the database', applied)
    return known.every((name) => applied.includes(name)) ? [] : await applyMigrations(url, known)
  } catch (error) {
    throw translateFailure(error)
  }
}

/** Brings an empty database to the schema that these migrations make: that of an earlier version. */
export async function migrateTo(url: string, names: readonly string[]): Promise<void> {
  try {
    await applyMigrations(url, [...names].sort())
  } catch (error) {
    throw translateFailure(error)
  }
}

/** @throws database.tooNew where one of the migrations is not of this version */
export function refuseUnknown(what: string, names: readonly string[]): void {
  const known = migrationNames()
  const unknown = names.find((name) => !known.includes(name))
  if (!unknown) return
  throw new TagshipError('database.tooNew', `${what} has ${unknown}, which this version does not know`)
}

function migrationNames(): string[] {
  const entries = readdirSync(folder, { withFileTypes: true })
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
}

export function appliedMigrations(url: string): Promise<string[]> {
  return withClient(url, async (client) => {
    const { rows: tables } = await client.query<{ there: boolean }>(
      `SELECT to_regclass('_prisma_migrations') IS NOT NULL AS there`,
    )
    if (!tables[0]?.there) return []
    const { rows } = await client.query<{ name: string }>(
      `SELECT migration_name AS name FROM _prisma_migrations
       WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL`,
    )
    return rows.map(({ name }) => name)
  })
}

/** Prisma's engine does it, under Prisma's own advisory lock. */
async function applyMigrations(url: string, names: readonly string[]): Promise<string[]> {
  await using adapter = migrationAdapter({ url })
  const engine = await createSchemaEngine(adapter)
  const read = (path: string) => readFileSync(new URL(path, folder), 'utf8')
  const { appliedMigrationNames } = await engine.applyMigrations({
    migrationsList: {
      baseDir: fileURLToPath(folder),
      shadowDbInitScript: '',
      lockfile: { path: 'migration_lock.toml', content: read('migration_lock.toml') },
      migrationDirectories: names.map((name) => ({
        path: name,
        migrationFile: {
          path: 'migration.sql',
          content: { tag: 'ok', value: read(`${name}/migration.sql`) },
        },
      })),
    },
    filters: { externalTables: [], externalEnums: [] },
  })
  return appliedMigrationNames
}
