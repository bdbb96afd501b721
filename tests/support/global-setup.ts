/** One Postgres for a whole run, with one migrated database that each test file gets a copy of. */
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres } from '@tagship/embedded'
import { createLogger } from '@tagship/kit'
import { migrate } from '@tagship/store'
import pg from 'pg'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** Connects to the server as one who may make databases. */
    postgresUrl: string
    /** The name of the migrated database. */
    postgresTemplate: string
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = process.env.DATABASE_URL ? givenServer(process.env.DATABASE_URL) : await startServer()
  const template = `tagship_template_${randomBytes(4).toString('hex')}`
  try {
    await execute(server.url, `CREATE DATABASE ${template}`)
    const url = new URL(server.url)
    url.pathname = `/${template}`
    await migrate(url.toString())
  } catch (error) {
    await server.stop()
    throw error
  }
  project.provide('postgresUrl', server.url)
  project.provide('postgresTemplate', template)
  return async () => {
    await execute(server.url, `DROP DATABASE IF EXISTS ${template} WITH (FORCE)`).finally(server.stop)
  }
}

function givenServer(url: string) {
  return { url, stop: async () => {} }
}

async function startServer() {
  const folder = await mkdtemp(join(tmpdir(), 'tagship-test-postgres-'))
  await chmod(folder, 0o755) // the server runs as another user where the tests run as root
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    const server = await startPostgres({ folder, log: createLogger('test', 'warn') })
    // Nothing here has to outlive a power cut.
    await execute(server.url, 'ALTER SYSTEM SET fsync = off', 'SELECT pg_reload_conf()')
    return {
      url: server.url,
      async stop() {
        await server.stop()
        await remove()
      },
    }
  } catch (error) {
    await remove()
    throw error
  }
}

async function execute(url: string, ...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    for (const statement of statements) await client.query(statement)
  } finally {
    await client.end()
  }
}
