import { parseArgs } from 'node:util'
import { defaultDataFolder } from '@tagship/api'
import { TagshipError } from '@tagship/domain'
import { keyVariable } from './secret-key.ts'

export interface Options {
  readonly data: string
  readonly port: number
  readonly httpPort: number
  /** Address that the API listens on. */
  readonly bind: string
  /** Address that the router listens on; empty: all. */
  readonly httpBind: string
  /** Whether a teardown removes images too. */
  readonly images: boolean
  /** Of a backup. */
  readonly file: string | null
  /** Holds the key that the secrets of a backup are sealed with. */
  readonly keyFile: string | null
  /** Whether what is in the way may be replaced. */
  readonly yes: boolean
  readonly databaseUrl: string | null
  readonly redisUrl: string | null
  /** 32 bytes in base64; null: the one in the data folder. */
  readonly secretKey: string | null
  readonly buildsAtOnce: number
  readonly fault: string | undefined
  readonly logLevel: string
}

/** From the command line and the environment. @throws input.invalid */
export function readOptions(args: readonly string[], env: NodeJS.ProcessEnv): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      data: { type: 'string' },
      port: { type: 'string' },
      'http-port': { type: 'string' },
      bind: { type: 'string' },
      'http-bind': { type: 'string' },
      images: { type: 'boolean' },
      file: { type: 'string' },
      'key-file': { type: 'string' },
      yes: { type: 'boolean' },
      json: { type: 'boolean' },
    },
  })
  return {
    data: values.data ?? defaultDataFolder(env),
    port: portNumber('--port', values.port ?? '7070'),
    httpPort: portNumber('--http-port', values['http-port'] ?? '8080'),
    bind: values.bind ?? '127.0.0.1',
    httpBind: values['http-bind'] ?? '',
    images: values.images ?? false,
    file: values.file ?? null,
    keyFile: values['key-file'] ?? null,
    yes: values.yes ?? false,
    databaseUrl: env.DATABASE_URL || null,
    redisUrl: env.REDIS_URL || null,
    secretKey: env[keyVariable] || null,
    buildsAtOnce: countOf('TAGSHIP_BUILDS', env.TAGSHIP_BUILDS ?? '2'),
    fault: env.TAGSHIP_FAULT,
    logLevel: env.TAGSHIP_LOG ?? 'info',
  }
}

function portNumber(name: string, text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new TagshipError('input.invalid', `${name} must be a port from 1 to 65535, not "${text}"`)
  }
  return port
}

function countOf(name: string, text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1)
    throw new TagshipError('input.invalid', `${name} must be a whole number from 1, not "${text}"`)
  return count
}
