/** What the database says about itself: new tables are backed up without anybody thinking of it. */
import type pg from 'pg'

/** The tables of our schema, in the order of their names. */
export async function listTables(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(`
    SELECT relname AS name FROM pg_class
    WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace ORDER BY relname COLLATE "C"`)
  return rows.map(({ name }) => name)
}

export async function listSequences(client: pg.Client): Promise<Record<string, string>> {
  const { rows } = await client.query<{ name: string; value: string }>(`
    SELECT sequencename AS name, coalesce(last_value, start_value - 1)::text AS value FROM pg_sequences
    WHERE schemaname = current_schema() ORDER BY 1`)
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]))
}

export interface ForeignKey {
  readonly table: string
  readonly name: string
  readonly definition: string
}

export async function listForeignKeys(client: pg.Client): Promise<ForeignKey[]> {
  const { rows } = await client.query<ForeignKey>(`
    SELECT c.relname AS "table", f.conname AS name, pg_get_constraintdef(f.oid) AS definition
    FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid
    WHERE f.contype = 'f' AND c.relnamespace = current_schema()::regnamespace`)
  return rows
}
