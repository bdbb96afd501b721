import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createLogger } from '@tagship/kit'
import { Redis } from 'ioredis'
import { Client } from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startPostgres, startRedis } from '../src/index.ts'

const log = createLogger('test', 'silent')
const parentProgram = fileURLToPath(new URL('./start-servers.ts', import.meta.url))

let folder = ''
let cleanUps: (() => Promise<unknown>)[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tagship-embedded-'))
})

afterEach(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp()
  cleanUps = []
  await rm(folder, { recursive: true, force: true })
})

async function postgres(at = folder) {
  const server = await startPostgres({ folder: at, log })
  cleanUps.push(() => server.stop())
  return server
}

async function redis(at = folder) {
  const server = await startRedis({ folder: at, log })
  if (server === null) throw new Error('redis-server is not installed; run: ./tagship prepare')
  cleanUps.push(() => server.stop())
  return server
}

/** Runs one statement on a connection of its own. */
async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

async function withRedis<T>(path: string, work: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis({ path })
  try {
    return await work(client)
  } finally {
    client.disconnect()
  }
}

async function eventually(check: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error('it did not happen within 30 s')
    await sleep(50)
  }
}

const untilGone = (pid: number) =>
  eventually(() => {
    try {
      process.kill(pid, 0)
      return false
    } catch {
      return true
    }
  })

test('Postgres starts with an empty database, and again with what was in it', async () => {
  const first = await postgres()
  await query(first.url, 'create table kept (n int); insert into kept values (42)')
  await first.stop()
  await expect(query(first.url, 'select 1')).rejects.toThrow(/ECONNREFUSED/)

  const second = await postgres()
  expect(second.url).toBe(first.url)
  expect(second.pid).not.toBe(first.pid)
  expect(await query(second.url, 'select n from kept')).toEqual([{ n: 42 }])
})

test('the password is in a file that only its owner reads, and the server takes no other', async () => {
  const { url } = await postgres()
  expect((await stat(join(folder, 'postgres.password'))).mode & 0o777).toBe(0o600)
  const wrong = new URL(url)
  wrong.password = 'wrong'
  await expect(query(wrong.href, 'select 1')).rejects.toThrow(/password authentication failed/)
})

test('commits survive kill -9 of the server, which comes back at the same address by itself', async () => {
  const server = await postgres()
  await query(server.url, 'create table kept (n int); insert into kept values (1)')
  const killed = server.pid
  process.kill(killed, 'SIGKILL')
  await eventually(() => server.pid !== killed)
  expect(await query(server.url, 'select n from kept')).toEqual([{ n: 1 }])
})

test.each([
  ['only root', 0o700],
  ['everybody', 0o755],
])('Postgres starts below a folder that %s may enter', async (_, mode) => {
  const parent = join(folder, 'parent')
  await mkdir(parent)
  await Promise.all([chmod(folder, mode), chmod(parent, mode)])
  const server = await postgres(join(parent, 'data'))
  expect(await query(server.url, 'select current_database() as name')).toEqual([{ name: 'tagship' }])
})

test('a cluster that was never finished is made anew', async () => {
  await mkdir(join(folder, 'postgres.new', 'base'), { recursive: true })
  const server = await postgres()
  expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }])
})

test('both servers outlive kill -9 of whoever started them, and are found again', async () => {
  const parent = spawn(process.execPath, [parentProgram, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(parent.stdout, 'data')
  const { postgresPid, redisPid } = JSON.parse(String(line))
  cleanUps.push(async () => [postgresPid, redisPid].map((pid) => process.kill(pid, 'SIGKILL')))
  parent.kill('SIGKILL')
  // `close` comes only when nobody holds the parent's stdout any more.
  await once(parent, 'close')

  const foundPostgres = await startPostgres({ folder, log })
  const foundRedis = await startRedis({ folder, log })
  expect([foundPostgres.pid, foundRedis?.pid]).toEqual([postgresPid, redisPid])
  cleanUps = []
  await foundPostgres.stop()
  await foundRedis?.stop()
  await untilGone(postgresPid)
  await untilGone(redisPid)
})

test('Redis keeps what it was given over kill -9, and comes back by itself', async () => {
  const server = await redis()
  await withRedis(server.socketPath, (client) => client.set('kept', 'yes'))
  const killed = server.pid
  // Redis syncs its log every second.
  await sleep(1_100)
  process.kill(killed, 'SIGKILL')
  await eventually(() => server.pid !== killed)
  expect(await withRedis(server.socketPath, (client) => client.get('kept'))).toBe('yes')
})

test('Redis never evicts, and listens nowhere but on its socket', async () => {
  const { socketPath } = await redis()
  await withRedis(socketPath, async (client) => {
    expect(await client.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction'])
    expect(await client.config('GET', 'port')).toEqual(['port', '0'])
  })
  expect((await stat(socketPath)).mode & 0o077).toBe(0)
})

test('a folder with a path too long for a socket has its socket elsewhere', async () => {
  const long = join(folder, 'x'.repeat(60), 'y'.repeat(60))
  const { socketPath } = await redis(long)
  cleanUps.push(() => rm(join(socketPath, '..'), { recursive: true, force: true }))
  expect(Buffer.byteLength(socketPath)).toBeLessThanOrEqual(100)
  expect(await withRedis(socketPath, (client) => client.ping())).toBe('PONG')
})

test('a data folder that cannot be made is named', async () => {
  await writeFile(join(folder, 'file'), '')
  const impossible = join(folder, 'file', 'data')
  const expected = { code: 'data.notWritable', message: expect.stringContaining(impossible) }
  await expect(startPostgres({ folder: impossible, log })).rejects.toMatchObject(expected)
  await expect(startRedis({ folder: impossible, log })).rejects.toMatchObject(expected)
})

test('what a power cut leaves of small files keeps Postgres from nothing', async () => {
  const first = await postgres()
  await query(first.url, 'CREATE TABLE kept (n int)')
  await first.stop()
  for (const name of ['postgres/postmaster.pid', 'postgres.port']) {
    await writeFile(join(folder, name), '')
    await utimes(join(folder, name), 1, 1)
  }
  const second = await postgres()
  expect(await query(second.url, 'SELECT count(*)::int AS count FROM kept')).toEqual([{ count: 0 }])
})

test('a password that was never written is made again, one that is lost is asked for', async () => {
  await writeFile(join(folder, 'postgres.password'), '')
  const server = await postgres()
  expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  await writeFile(join(folder, 'postgres.password'), '')
  await expect(postgres()).rejects.toMatchObject({
    code: 'database.unavailable',
    message: expect.stringContaining('is empty'),
  })
})

test('a damaged file of Redis is put aside: its jobs are found in Postgres', async () => {
  const first = await redis()
  await withRedis(first.socketPath, (client) => client.set('key', 'value'))
  await first.stop()
  const aof = join(folder, 'redis/appendonlydir')
  const name = (await readdir(aof)).find((one) => one.endsWith('.incr.aof')) ?? ''
  await writeFile(join(aof, name), `${'x'.repeat(100)}\r\n*1\r\n$4\r\nPING\r\n`)
  const second = await redis()
  expect(await withRedis(second.socketPath, (client) => client.get('key'))).toBeNull()
  expect((await readdir(join(folder, 'redis'))).some((one) => one.startsWith('damaged-'))).toBe(true)
})
