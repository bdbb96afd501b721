/** The connections that Prisma's schema engine works through. */
import { PrismaPg } from '@prisma/adapter-pg'
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  type ErrorCapturingSqlMigrationAwareDriverAdapterFactory,
  type SqlDriverAdapter,
} from '@prisma/driver-adapter-utils'
import pg from 'pg'
import { parse, toClientConfig } from 'pg-connection-string'
import { connectionString, schemaName, withClient } from './database.ts'

export interface Datasource {
  readonly url: string
  /** A database that may be emptied; without one, a database is made and dropped again. */
  readonly shadowDatabaseUrl?: string | undefined
}

/** Type ids of the catalogue's internal `"char"` and of text. */
const internalChar = 18
const textType = 25

export interface MigrationAdapter extends AsyncDisposable {
  readonly factory: ErrorCapturingSqlMigrationAwareDriverAdapterFactory
}

/** Disposing of it ends the connections that the engine has left open. */
export function migrationAdapter({ url, shadowDatabaseUrl }: Datasource): MigrationAdapter {
  const main = new Set<SqlDriverAdapter>()
  const factory = bindMigrationAwareSqlAdapterFactory({
    provider: 'postgres',
    adapterName: '@prisma/adapter-pg',
    async connect() {
      const adapter = await connect(url)
      main.add(adapter)
      return adapter
    },
    connectToShadowDb: () => (shadowDatabaseUrl ? connectEmptied(shadowDatabaseUrl) : connectNew(url)),
  })
  return {
    factory,
    async [Symbol.asyncDispose]() {
      for (const adapter of main) await adapter.dispose()
    },
  }
}

async function connectEmptied(url: string): Promise<SqlDriverAdapter> {
  await withClient(url, async (client) => {
    const { rows } = await client.query<{ nspname: string }>(
      `SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'`,
    )
    for (const { nspname } of rows) await client.query(`DROP SCHEMA ${pg.escapeIdentifier(nspname)} CASCADE`)
    await client.query('CREATE SCHEMA public')
  })
  return connect(url)
}

async function connectNew(url: string): Promise<SqlDriverAdapter> {
  const database = `prisma_migrate_shadow_db_${crypto.randomUUID()}`
  const name = pg.escapeIdentifier(database)
  await withClient(url, (client) => client.query(`CREATE DATABASE ${name}`))
  return connect(url, database, async () => {
    await withClient(url, (client) => client.query(`DROP DATABASE IF EXISTS ${name}`))
  })
}

async function connect(
  url: string,
  database?: string,
  onDispose: () => Promise<void> = async () => {},
): Promise<SqlDriverAdapter> {
  const pool = sessionPool(url, database)
  const internalChars = watchInternalChars(pool)
  const schema = database ? undefined : schemaName(url)
  const adapter = await new PrismaPg(pool, schema ? { schema } : {}).connect()
  const queryRaw = adapter.queryRaw.bind(adapter)
  adapter.queryRaw = async (query) => {
    const result = await queryRaw(query)
    const columns = internalChars.get(query.sql) ?? []
    const columnTypes = result.columnTypes.map((type, at) =>
      columns.includes(at) ? ColumnTypeEnum.Character : type,
    )
    return { ...result, columnTypes }
  }
  // The adapter splits a script at every semicolon, also inside functions and strings.
  // One simple query does not.
  adapter.executeScript = async (script) => {
    try {
      await pool.query(script)
    } catch (error) {
      Reflect.apply(Reflect.get(adapter, 'onError'), adapter, [error])
    }
  }
  adapter.dispose = async () => {
    if (!pool.ending) await pool.end()
    await onDispose()
  }
  return adapter
}

/** One session for as long as the engine lives: the engine holds Prisma's advisory lock on it. */
function sessionPool(url: string, database?: string): pg.Pool {
  const config = toClientConfig(parse(connectionString(url)))
  return new pg.Pool({
    ...config,
    ...(database ? { database } : {}),
    max: 1,
    idleTimeoutMillis: 0,
    application_name: 'prisma-migrate',
  })
}

/**
 * The adapter refuses the catalogue's internal `"char"`; the engine expects it as a character. It is shown to
 * the adapter as text, and remembered. @returns the places of such columns, by the text of the query
 */
function watchInternalChars(pool: pg.Pool): Map<string, number[]> {
  const seen = new Map<string, number[]>()
  const query = pool.query.bind(pool)
  Reflect.set(pool, 'query', async (...args: unknown[]) => {
    const outcome: unknown = await Reflect.apply(query, pool, args)
    const [asked] = args
    if (!isQuery(asked) || !isResult(outcome)) return outcome
    const columns = outcome.fields.flatMap(({ dataTypeID }, at) => (dataTypeID === internalChar ? [at] : []))
    for (const field of outcome.fields) if (field.dataTypeID === internalChar) field.dataTypeID = textType
    seen.set(asked.text, columns)
    return outcome
  })
  return seen
}

function isQuery(value: unknown): value is { readonly text: string } {
  return typeof value === 'object' && value !== null && 'text' in value && typeof value.text === 'string'
}

function isResult(value: unknown): value is { readonly fields: { dataTypeID: number }[] } {
  return typeof value === 'object' && value !== null && 'fields' in value && Array.isArray(value.fields)
}
