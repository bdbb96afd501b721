/** What the database says of itself. */
import type { Database } from './database.ts'

const size = { name: 'database-size', text: 'SELECT pg_database_size(current_database())::float8 AS bytes' }
const version = { name: 'database-version', text: `SELECT current_setting('server_version') AS version` }

export const databaseFacts = (database: Database) => ({
  async databaseBytes(): Promise<number> {
    const [row] = await database.query<{ bytes: number }>(size)
    return row?.bytes ?? 0
  },

  async databaseVersion(): Promise<string | null> {
    const [row] = await database.query<{ version: string }>(version)
    return row?.version ?? null
  },
})
