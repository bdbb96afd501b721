#!/usr/bin/env node
/**
 * Stands in for Prisma's `schema-engine` binary: the same arguments, the same JSON-RPC over stdio.
 * prisma.config.ts points the CLI here, so that no command of it downloads anything.
 */
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import type { SchemaEngine } from '@prisma/schema-engine-wasm/schema_engine_bg'
import { z } from 'zod'
import { migrationAdapter } from './adapter.ts'
import { createDatabase, prismaError, withClient } from './database.ts'
import { createSchemaEngine, type Datamodel, lastPanic, schemaEngineVersion } from './engine.ts'

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  strict: false,
  options: {
    datamodels: { type: 'string', multiple: true, short: 'd' },
    datasource: { type: 'string' },
    version: { type: 'boolean' },
  },
})
const datasource = z
  .object({ url: z.string().optional(), shadowDatabaseUrl: z.string().optional() })
  .parse(typeof options.datasource === 'string' ? JSON.parse(options.datasource) : {})
const requestShape = z.object({
  id: z.number(),
  method: z.string().optional(),
  params: z.record(z.string(), z.unknown()).default({}),
})

let starting: Promise<SchemaEngine> | undefined
let printed = 0
let asked = 0

if (options.version) process.stdout.write(`schema-engine-cli ${await schemaEngineVersion()} (wasm)\n`)
else if (positionals[0] === 'cli') process.exitCode = await runCommand(positionals[1])
else serve()

/** `schema-engine cli …`: one question, answered by the exit code and a line on stderr. */
async function runCommand(name: string | undefined): Promise<number> {
  writeLog('INFO', 'Starting schema engine CLI') // the Prisma CLI drops the first line
  try {
    if (name === 'can-connect-to-database') await withClient(url(), (client) => client.query('SELECT 1'))
    else if (name === 'create-database') await createDatabase(url())
    else throw new Error(`there is no command ${name}`)
    return 0
  } catch (error) {
    const known = prismaError(error, datasource.url)
    const fields = { error_code: known?.error_code ?? 'P1010', is_panic: false, meta: {} }
    writeLog('ERROR', known?.message ?? String(error), fields)
    return 1
  }
}

/** Answers requests one after the other until stdin ends. */
function serve(): void {
  process.on('uncaughtException', endByPanic)
  let queue = Promise.resolve()
  const lines = createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })
  lines.on('line', (line) => {
    if (line.trim()) queue = queue.then(() => answer(line))
  })
  lines.on('close', () => queue.then(() => process.stdout.write('', () => process.exit(0))))
}

/** A panic ends the engine between two turns. What it was asked last is answered, or the CLI would end well. */
function endByPanic(error: Error): void {
  const message = lastPanic() ?? String(error)
  writeLog('ERROR', message, { backtrace: '', is_panic: true })
  sendFailure(asked, { is_panic: true, message, backtrace: '' })
  process.stdout.write('', () => process.exit(101))
}

async function answer(line: string): Promise<void> {
  const { id, method, params } = requestShape.parse(JSON.parse(line))
  if (!method) return // the answer to a `print` of ours
  asked = id
  try {
    send({ id, result: await call(method, params) })
  } catch (error) {
    const known = prismaError(error, datasource.url) ?? describe(error)
    const panic = lastPanic()
    sendFailure(id, panic === null ? { is_panic: false, ...known } : { is_panic: true, message: panic })
  }
}

async function call(method: string, params: Record<string, unknown>): Promise<unknown> {
  switch (method) {
    case 'createDatabase':
      return { databaseName: await createDatabase(url()) }
    case 'ensureConnectionValidity':
      await withClient(url(), (client) => client.query('SELECT 1'))
      return {}
    case 'getDatabaseVersion':
      return withClient(url(), async (client) => (await client.query('SELECT version()')).rows[0].version)
    case 'dbExecute':
      await withClient(url(), (client) => client.query(String(params.script)))
      return {}
    case 'diff':
      return diff(params)
    default:
      return (await callEngine(method, params)) ?? null
  }
}

/** The WebAssembly engine takes no URLs and returns what the binary would print. */
async function diff(params: Record<string, unknown>): Promise<unknown> {
  const side = (target: unknown) =>
    typeof target === 'object' && target !== null && 'tag' in target && target.tag === 'url'
      ? { tag: 'schemaDatasource', files: [], configDir: '.' }
      : target
  const outcome = await callEngine('diff', { ...params, from: side(params.from), to: side(params.to) })
  const { stdout, exitCode } = z.object({ stdout: z.string().nullish(), exitCode: z.number() }).parse(outcome)
  printed += 1
  if (stdout) send({ id: printed, method: 'print', params: { content: stdout.replace(/\n$/, '') } })
  return { exitCode, stdout: null }
}

async function callEngine(method: string, params: Record<string, unknown>): Promise<unknown> {
  const adapter = migrationAdapter({ ...datasource, url: datasource.url ?? '' })
  starting ??= createSchemaEngine(adapter, datamodels(), (line) => {
    if (process.env.RUST_LOG === 'debug') process.stderr.write(`${line}\n`)
  })
  const engine = await starting
  const known: unknown = Reflect.get(engine, method)
  if (typeof known !== 'function') throw new Error(`there is no method ${method}`)
  return Reflect.apply(known, engine, [params])
}

function datamodels(): Datamodel[] {
  const paths = [options.datamodels ?? []].flat().filter((path) => typeof path === 'string')
  return paths.map((path) => [path, readFileSync(path, 'utf8')])
}

function describe(error: unknown): object {
  if (typeof error !== 'object' || error === null) return { message: String(error), meta: null }
  const field = (name: string): unknown => Reflect.get(error, name)
  const code = [field('error_code'), field('code')].find((value) => /^P\d/.test(String(value)))
  return {
    message: String(field('message') ?? error),
    meta: field('meta') ?? null,
    ...(code ? { error_code: code } : {}),
  }
}

function url(): string {
  if (!datasource.url) throw new Error('no database is given')
  return datasource.url
}

function send(message: object): void {
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
}

function sendFailure(id: number, data: object): void {
  send({ id, error: { code: 4466, message: 'An error happened. Check the data field for details.', data } })
}

function writeLog(level: 'INFO' | 'ERROR', message: string, fields: object = {}): void {
  const entry = {
    timestamp: new Date().toISOString(),
    level,
    fields: { message, ...fields },
    target: 'schema_engine::logger',
  }
  process.stderr.write(`${JSON.stringify(entry)}\n`)
}
