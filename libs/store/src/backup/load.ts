/** Puts the rows of a dump into a fresh database: all of them, or none. */
import { TagshipError } from '@tagship/domain'
import pg from 'pg'
import { translateFailure } from '../failures.ts'
import { migrateTo } from '../migrate.ts'
import { connectionString } from '../schema-engine/database.ts'
import { type ForeignKey, listForeignKeys, listTables } from './catalogue.ts'

const batchBytes = 1024 * 1024

export interface DatabaseLoad {
  /** @param lines one JSON object each, cut anywhere. @returns how many rows the table has now */
  table(name: string, lines: AsyncIterable<Uint8Array>): Promise<number>
  /** Checks that the rows fit together, and keeps them. */
  finish(sequences: Readonly<Record<string, string>>): Promise<void>
  /** Keeps nothing, where it is not finished. */
  close(): Promise<void>
}

/**
 * Makes the schema that the dump was of, and opens one transaction for its rows. While they come, no trigger
 * gives them other numbers, and no foreign key minds their order.
 * @throws database.unavailable, restore.notEmpty
 */
export async function openLoad(url: string, migrations: readonly string[]): Promise<DatabaseLoad> {
  await migrateTo(url, migrations)
  const client = new pg.Client({
    connectionString: connectionString(url),
    application_name: 'tagship restore',
  })
  client.on('error', () => {}) // the statement that it interrupts tells it
  try {
    await client.connect()
    await client.query('BEGIN')
    await refuseRows(client)
    const tables = await listTables(client)
    const keys = await listForeignKeys(client)
    for (const table of tables) await setTriggers(client, table, 'DISABLE')
    for (const { table, name } of keys) await client.query(dropKey(table, name))
    // What the migrations themselves have put in comes with the rows as well.
    for (const table of tables.filter((name) => name !== '_prisma_migrations')) {
      await client.query(`DELETE FROM ${pg.escapeIdentifier(table)}`)
    }
    return {
      table: (name, lines) => loadTable(client, name, lines).catch(fail),
      finish: (sequences) => finish(client, tables, keys, sequences).catch(fail),
      close: () => client.end(),
    }
  } catch (error) {
    await client.end().catch(() => {})
    throw translateFailure(error)
  }
}

function fail(error: unknown): never {
  throw translateFailure(error)
}

/** Somebody's apps, users, tokens and deeds are never overwritten. The schema of an earlier version may lack some. */
async function refuseRows(client: pg.Client): Promise<void> {
  const { rows: there } = await client.query<{ name: string }>(
    'SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass(name) IS NOT NULL',
    [['apps', 'audit', 'api_tokens', 'users']],
  )
  for (const { name } of there) {
    const { rows } = await client.query(`SELECT FROM ${pg.escapeIdentifier(name)} LIMIT 1`)
    if (rows.length > 0)
      throw new TagshipError('restore.notEmpty', `the database has rows in ${name} already`)
  }
}

async function finish(
  client: pg.Client,
  tables: readonly string[],
  keys: readonly ForeignKey[],
  sequences: Readonly<Record<string, string>>,
): Promise<void> {
  for (const { table, name, definition } of keys) await client.query(addKey(table, name, definition))
  for (const table of tables) await setTriggers(client, table, 'ENABLE')
  for (const [name, value] of Object.entries(sequences)) {
    await client.query('SELECT setval($1::regclass, greatest($2::bigint, 1), $2::bigint >= 1)', [
      pg.escapeIdentifier(name),
      value,
    ])
  }
  await client.query('COMMIT')
}

async function loadTable(
  client: pg.Client,
  table: string,
  lines: AsyncIterable<Uint8Array>,
): Promise<number> {
  const name = pg.escapeIdentifier(table)
  const insert = `INSERT INTO ${name} SELECT * FROM jsonb_populate_recordset(NULL::${name}, $1::jsonb)`
  for await (const batch of batches(lines)) await client.query(insert, [`[${batch.join(',')}]`])
  const { rows } = await client.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${name}`)
  return rows[0]?.count ?? 0
}

/** Whole lines, about as many as one statement should carry. */
async function* batches(content: AsyncIterable<Uint8Array>): AsyncGenerator<string[]> {
  let rest = Buffer.alloc(0)
  for await (const chunk of content) {
    rest = Buffer.concat([rest, chunk])
    while (rest.length > batchBytes) {
      const end = rest.indexOf(10, batchBytes)
      if (end < 0) break
      yield linesOf(rest.subarray(0, end))
      rest = rest.subarray(end + 1)
    }
  }
  if (rest.length > 0) yield linesOf(rest)
}

function linesOf(text: Buffer): string[] {
  return text
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
}

function setTriggers(client: pg.Client, table: string, how: 'ENABLE' | 'DISABLE') {
  return client.query(`ALTER TABLE ${pg.escapeIdentifier(table)} ${how} TRIGGER USER`)
}

function dropKey(table: string, name: string): string {
  return `ALTER TABLE ${pg.escapeIdentifier(table)} DROP CONSTRAINT ${pg.escapeIdentifier(name)}`
}

function addKey(table: string, name: string, definition: string): string {
  return `ALTER TABLE ${pg.escapeIdentifier(table)} ADD CONSTRAINT ${pg.escapeIdentifier(name)} ${definition}`
}
