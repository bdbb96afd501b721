/** The stand-in for Prisma's engine, asked as the CLI asks it. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { type TestDatabase, testDatabase } from '@tagship/tests/postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migrate } from '../src/index.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const cli = join(dirname(createRequire(import.meta.url).resolve('prisma/package.json')), 'build/index.js')
const engine = fileURLToPath(new URL('../src/schema-engine/main.ts', import.meta.url))
let database: TestDatabase

beforeAll(async () => {
  database = await testDatabase({ empty: true })
})
afterAll(() => database.drop())

function prisma(...args: string[]): Promise<{ exitCode: number; text: string }> {
  const env = { ...process.env, DATABASE_URL: database.url, HTTPS_PROXY: 'http://127.0.0.1:9' }
  return new Promise((resolve) => {
    execFile(process.execPath, [cli, ...args], { cwd: root, env }, (error, stdout, stderr) =>
      resolve({ exitCode: Number(error?.code ?? 0), text: stdout + stderr }),
    )
  })
}

async function ask(url: string, method: string): Promise<unknown> {
  const child = spawn(process.execPath, [engine, '--datasource', JSON.stringify({ url })], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const exited = once(child, 'exit')
  child.stdin.end(`${JSON.stringify({ id: 7, jsonrpc: '2.0', method, params: {} })}\n`)
  const output = await text(child.stdout)
  await exited
  return JSON.parse(output)
}

describe('the Prisma CLI, with no network', () => {
  it('applies the migrations, knows them applied, and so does the start-up', async () => {
    expect(await prisma('migrate', 'status')).toMatchObject({ exitCode: 1 })
    expect(await prisma('migrate', 'deploy')).toMatchObject({
      exitCode: 0,
      text: expect.stringContaining('_tables'),
    })
    const status = await prisma('migrate', 'status')
    expect(status).toMatchObject({ exitCode: 0, text: expect.stringContaining('up to date') })
    expect(await migrate(database.url)).toEqual([])
  })
})

describe('the engine', () => {
  it('tells a panic as an answer, for without one the CLI ends well', async () => {
    expect(await ask(database.url, 'debugPanic')).toMatchObject({
      id: 7,
      error: { data: { is_panic: true } },
    })
  })

  it('tells that no server answers in Prisma’s own words', async () => {
    const answer = await ask('postgresql://x:y@127.0.0.1:1/z', 'ensureConnectionValidity')
    expect(answer).toMatchObject({ error: { data: { is_panic: false, error_code: 'P1001' } } })
  })

  it('knows no other methods', async () => {
    expect(await ask(database.url, 'toString2')).toMatchObject({ error: { data: { is_panic: false } } })
  })
})
