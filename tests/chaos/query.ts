import type { Installation } from '@tagship/tests/installation'
import pg from 'pg'
import { databaseUrl } from './database-url.ts'

/** Asks the installation's Postgres itself, over a connection of its own. */
export async function query<Row extends pg.QueryResultRow = Record<string, unknown>>(
  at: Installation,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: await databaseUrl(at) })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query<Row>(text, [...values])).rows
  } finally {
    await client.end()
  }
}
