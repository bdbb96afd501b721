/** Prisma's schema engine from npm, as WebAssembly: no binary has to be downloaded. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { SchemaEngine } from '@prisma/schema-engine-wasm/schema_engine_bg'
import type { MigrationAdapter } from './adapter.ts'

type EngineModule = typeof import('@prisma/schema-engine-wasm/schema_engine_bg')

/** Path and text of each schema file. */
export type Datamodel = readonly [path: string, text: string]

/** The engine panics on an empty list, and the CLI gives none for `migrate diff` and `db execute`. */
const emptyDatamodel: Datamodel = ['schema.prisma', 'datasource db {\n  provider = "postgresql"\n}\n']

export async function createSchemaEngine(
  adapter: MigrationAdapter,
  datamodels: readonly Datamodel[] = [],
  onLog: (line: string) => void = () => {},
): Promise<SchemaEngine> {
  const { SchemaEngine } = await loadModule()
  const files = datamodels.length > 0 ? datamodels : [emptyDatamodel]
  return SchemaEngine.new(
    { datamodels: files.map(([path, text]): [string, string] => [path, text]) },
    onLog,
    adapter.factory,
  )
}

export async function schemaEngineVersion(): Promise<string> {
  const { version } = await loadModule()
  return version()
}

/** The last panic of the engine, which ends it without an answer. */
export function lastPanic(): string | null {
  return panics.message || null
}

const panics = {
  message: '',
  set_message(message: string) {
    this.message = message
  },
}

let loading: Promise<EngineModule> | undefined

function loadModule(): Promise<EngineModule> {
  loading ??= load()
  return loading
}

async function load(): Promise<EngineModule> {
  Reflect.set(globalThis, 'PRISMA_WASM_PANIC_REGISTRY', panics)
  const bindings = await import('@prisma/schema-engine-wasm/schema_engine_bg')
  const { resolve } = createRequire(import.meta.url)
  const file = resolve('@prisma/schema-engine-wasm/schema_engine_bg').replace(/\.js$/, '.wasm')
  const module = await WebAssembly.compile(readFileSync(file))
  const { exports } = await WebAssembly.instantiate(module, { './schema_engine_bg.js': { ...bindings } })
  Reflect.apply(Reflect.get(bindings, '__wbg_set_wasm'), null, [exports])
  Reflect.apply(Reflect.get(exports, '__wbindgen_start'), null, [])
  return bindings
}
