/** The schema, the migrations and the domain say the same. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { activeStates, deploymentStates, runtimeNames, slots, triggers } from '@tagship/domain'
import { type TestDatabase, testDatabase } from '@tagship/tests/postgres'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const cli = join(dirname(createRequire(import.meta.url).resolve('prisma/package.json')), 'build/index.js')
let database: TestDatabase

beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.drop())

/** What `prisma migrate diff --exit-code` says; an engine that dies says nothing. */
function driftFrom(source: readonly string[], schema: string): Promise<{ exitCode: number; text: string }> {
  const args = ['migrate', 'diff', ...source, '--to-schema', schema, '--exit-code']
  const env = { ...process.env, DATABASE_URL: database.url }
  return new Promise((resolve) => {
    execFile(process.execPath, [cli, ...args], { cwd: root, env }, (error, stdout) =>
      resolve({ exitCode: Number(error?.code ?? 0), text: stdout.trim() }),
    )
  })
}

const none = { exitCode: 0, text: 'No difference detected.' }

describe('prisma migrate diff', () => {
  const schema = join(root, 'prisma/schema.prisma')

  it('finds no difference between the migrations and the schema', async () => {
    expect(await driftFrom(['--from-migrations', 'prisma/migrations'], schema)).toEqual(none)
  })

  it('finds no difference between a migrated database and the schema', async () => {
    expect(await driftFrom(['--from-config-datasource'], schema)).toEqual(none)
  })

  it('would find one', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tagship-schema-'))
    try {
      const changed = join(folder, 'schema.prisma')
      const text = await readFile(schema, 'utf8')
      await writeFile(changed, text.replace('repoUrl  ', 'note String?\n  repoUrl  '))
      const drift = await driftFrom(['--from-config-datasource'], changed)
      expect(drift).toEqual({ exitCode: 2, text: expect.stringContaining('Added column `note`') })
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})

describe('the lists of values', () => {
  const lists: [string, readonly string[]][] = [
    ['deployments_state_known', deploymentStates],
    ['deployments_one_active', activeStates],
    ['deployments_slot_known', slots],
    ['apps_live_slot_known', slots],
    ['instances_slot_known', slots],
    ['deployments_trigger_known', triggers],
    ['deployments_request_known', ['cancel', 'promote', 'rollback']],
    ['log_chunks_source_known', ['build', 'release', 'instance']],
    ['api_tokens_role_known', ['viewer', 'deployer', 'admin']],
    ['outbox_queue_known', ['deployments', 'builds', 'tags', 'maintenance']],
    ['builds_state_known', ['pending', 'running', 'succeeded', 'failed']],
    ['apps_runtime_known', runtimeNames],
    ['deployments_runtime_known', runtimeNames],
  ]

  it.each(lists)('%s is the domain’s', async (name, values) => {
    const client = new pg.Client({ connectionString: database.url })
    await client.connect()
    const { rows } = await client.query<{ text: string }>(
      `SELECT pg_get_constraintdef(oid) AS text FROM pg_constraint WHERE conname = $1
       UNION ALL SELECT indexdef FROM pg_indexes WHERE indexname = $1`,
      [name],
    )
    await client.end()
    const listed = [...(rows[0]?.text ?? '').matchAll(/'(\w+)'::text/g)].map(([, value]) => value)
    expect(listed.sort()).toEqual([...values].sort())
  })
})
