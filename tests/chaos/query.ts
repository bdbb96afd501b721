import pg from 'pg'
import { databaseUrl } from './database-url.ts'
import type { World } from './world.ts'

/** Asks the installation's database, on a connection of its own. */
export async function query<Row extends pg.QueryResultRow>(
  at: World['at'],
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: await databaseUrl(at) })
  await client.connect()
  try {
    return (await client.query<Row>(text, [...values])).rows
  } finally {
    await client.end()
  }
}
