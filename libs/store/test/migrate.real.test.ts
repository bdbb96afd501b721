import { randomUUID } from 'node:crypto'
import { type TestDatabase, testDatabase } from '@tagship/tests/postgres'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { migrate } from '../src/index.ts'

let database: TestDatabase
let client: pg.Client

beforeEach(async () => {
  database = await testDatabase({ empty: true })
  client = new pg.Client({ connectionString: database.url })
  await client.connect()
})
afterEach(async () => {
  await client.end()
  await database.drop()
})

describe('migrate', () => {
  it('brings an empty database up to date, and has nothing to do the second time', async () => {
    expect(await migrate(database.url)).not.toEqual([])
    expect(await migrate(database.url)).toEqual([])
    const { rows } = await client.query('SELECT count(*)::int AS apps FROM apps')
    expect(rows).toEqual([{ apps: 0 }])
  })

  it('leaves no connection behind', async () => {
    await migrate(database.url)
    const others = `SELECT pid FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`
    // A server process ends a moment after its client has gone.
    await expect.poll(async () => (await client.query(others)).rows).toEqual([])
  })

  it('applies each migration once when several start at the same moment', async () => {
    const applied = await Promise.all([1, 2, 3].map(() => migrate(database.url)))
    const { rows } = await client.query<{ name: string }>(
      'SELECT migration_name AS name FROM _prisma_migrations WHERE finished_at IS NOT NULL ORDER BY 1',
    )
    expect(applied.flat().sort()).toEqual(rows.map(({ name }) => name))
    expect(new Set(applied.flat()).size).toBe(applied.flat().length)
  })

  it('refuses a database of a newer version, and leaves it alone', async () => {
    await migrate(database.url)
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at)
       VALUES ($1, '', '20991231000000_from_the_future', now())`,
      [randomUUID()],
    )
    await expect(migrate(database.url)).rejects.toMatchObject({
      code: 'database.tooNew',
      message: expect.stringContaining('20991231000000_from_the_future'),
    })
  })

  it('says when no server answers', async () => {
    const url = 'postgresql://nobody:none@127.0.0.1:1/none'
    await expect(migrate(url)).rejects.toMatchObject({ code: 'database.unavailable' })
  })

  it('says when the password is wrong', async () => {
    const url = new URL(database.url)
    url.password = 'wrong'
    await expect(migrate(url.toString())).rejects.toMatchObject({ code: 'database.unavailable' })
  })
})
