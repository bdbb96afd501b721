/** Every row of the database as of one moment, while others go on writing. */
import pg from 'pg'
import { translateFailure } from '../failures.ts'
import { appliedMigrations } from '../migrate.ts'
import { connectionString } from '../schema-engine/database.ts'
import { listSequences, listTables } from './catalogue.ts'

/** Jobs are found again by looking at the rows; who is signed in here is not signed in at a copy. */
const leftOut = ['_prisma_migrations', 'outbox', 'sessions', 'verifications', 'one_time_links']

const fetchRows = 200

export interface DatabaseDump {
  readonly migrations: readonly string[]
  readonly tables: readonly string[]
  /** The last number that each sequence has given, or the one after it. */
  readonly sequences: Readonly<Record<string, string>>
  /** The commits that releases name, by app: of the apps whose repository Tagship hosts. */
  readonly hosted: ReadonlyMap<string, readonly string[]>
  /** Ids of the keys that secrets are sealed with. */
  readonly secretKeys: readonly string[]
  /** The rows of a table, one JSON object a line. One table at a time. */
  rows(table: string): AsyncGenerator<string>
  close(): Promise<void>
}

/** @throws database.unavailable */
export async function openDump(url: string): Promise<DatabaseDump> {
  const client = new pg.Client({
    connectionString: connectionString(url),
    application_name: 'tagship backup',
  })
  client.on('error', () => {}) // the statement that it interrupts tells it
  try {
    const migrations = await appliedMigrations(url)
    await client.connect()
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    const tables = (await listTables(client)).filter((table) => !leftOut.includes(table))
    // Read after the snapshot was taken: never lower than what its rows were given.
    const sequences = await listSequences(client)
    const hosted = await findHosted(client)
    return {
      migrations,
      tables,
      sequences,
      hosted,
      secretKeys: await findSecretKeys(
        client,
        sealedTables.filter((table) => tables.includes(table)),
      ),
      rows: (table) => readRows(client, table),
      close: () => client.end(),
    }
  } catch (error) {
    await client.end().catch(() => {})
    throw translateFailure(error)
  }
}

async function* readRows(client: pg.Client, table: string): AsyncGenerator<string> {
  const name = pg.escapeIdentifier(table)
  try {
    await client.query(`DECLARE dump NO SCROLL CURSOR FOR SELECT to_jsonb(t)::text AS row FROM ${name} t`)
    for (;;) {
      const { rows } = await client.query<{ row: string }>(`FETCH ${fetchRows} FROM dump`)
      for (const { row } of rows) yield `${row}\n`
      if (rows.length < fetchRows) break
    }
    await client.query('CLOSE dump')
  } catch (error) {
    throw translateFailure(error)
  }
}

/** Everything that is sealed with the installation's key. */
const sealedTables = ['secret_versions', 'source_credentials', 'webhooks']

async function findSecretKeys(client: pg.Client, tables: readonly string[]): Promise<string[]> {
  if (tables.length === 0) return []
  const parts = tables.map((table) => `SELECT key_id AS id FROM ${pg.escapeIdentifier(table)}`)
  const { rows } = await client.query<{ id: string }>(`${parts.join(' UNION ')} ORDER BY 1`)
  return rows.map(({ id }) => id)
}

async function findHosted(client: pg.Client): Promise<Map<string, string[]>> {
  const { rows } = await client.query<{ name: string; commits: string[] }>(`
    SELECT a.name, coalesce(array_agg(DISTINCT r.commit) FILTER (WHERE r.commit IS NOT NULL), '{}') AS commits
    FROM apps a LEFT JOIN releases r ON r.app_id = a.id
    WHERE a.repo_url IS NULL AND a.removed_at IS NULL GROUP BY a.id ORDER BY a.name`)
  return new Map(rows.map(({ name, commits }) => [name, commits]))
}
