/** Where the controller is, and with which token to talk to it (DESIGN §7). */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Client, createClient } from '@tagship/api'
import { z } from 'zod'
import { configPath } from './config-paths.ts'
import { CliError } from './errors.ts'

const localDefault = 'http://127.0.0.1:7070'

const configSchema = z.object({
  url: z.string(),
  token: z.string().nullable(),
  /** Of the installation that `up` has started here; null for another. */
  installation: z.string().nullable().default(null),
})
export type Config = z.output<typeof configSchema>

export interface Target {
  readonly url: string
  readonly token: string | null
}

/** From TAGSHIP_URL and TAGSHIP_TOKEN, else the file, else the local default. A token of the file goes to its own URL only. */
export async function findTarget(env: NodeJS.ProcessEnv = process.env): Promise<Target> {
  const config = await readConfig(env)
  const url = env.TAGSHIP_URL || config?.url || localDefault
  const kept = config && sameAddress(config.url, url) ? config.token : null
  return { url, token: env.TAGSHIP_TOKEN || kept }
}

export async function connect(): Promise<Client> {
  return createClient(await findTarget())
}

/** Null where there is none. @throws config.invalid */
export async function readConfig(env: NodeJS.ProcessEnv = process.env): Promise<Config | null> {
  const path = configPath(env)
  const text = await readFile(path, 'utf8').catch(() => null)
  if (text === null) return null
  try {
    return configSchema.parse(JSON.parse(text))
  } catch (error) {
    throw new CliError({
      code: 'config.invalid',
      detail: `${path} cannot be read`,
      mend: 'Write it anew: tagship login.',
      exitCode: 2,
      cause: error,
    })
  }
}

/** Readable by its owner only, and never half written. */
export async function writeConfig(config: Config, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const path = configPath(env)
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const draft = `${path}.${process.pid}`
  await writeFile(draft, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 })
  await rename(draft, path)
  return path
}

function sameAddress(a: string, b: string): boolean {
  return URL.parse(a)?.origin === URL.parse(b)?.origin
}
