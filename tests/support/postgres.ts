/** A migrated database of its own for each test file that asks for one. */
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'

export interface TestDatabase {
  readonly url: string
  /** Ends what is still connected, and removes the database. */
  drop(): Promise<void>
}

export interface TestDatabaseOptions {
  /** Without tables, for tests of the migrations themselves. */
  readonly empty?: boolean
}

export async function testDatabase({ empty = false }: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const server = inject('postgresUrl')
  const name = `tagship_test_${randomBytes(6).toString('hex')}`
  const template = empty ? 'template0' : inject('postgresTemplate')
  await onServer(server, `CREATE DATABASE ${name} TEMPLATE ${template}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return {
    url: url.toString(),
    drop: () => onServer(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  }
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
