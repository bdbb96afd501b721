import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Client, createClient } from '@tagship/api'
import { runCommand } from '@tagship/kit'
import { z } from 'zod'
import { runController } from '../controller.ts'
import { CliError } from '../errors.ts'

/** An installation of the demo's own: a data folder, ports that were free, and a controller. */
export interface Stage {
  readonly folder: string
  readonly data: string
  readonly url: string
  readonly token: string
  readonly httpPort: number
  readonly client: Client
  /** Removes everything again: controller, apps, router, images, folder. */
  clear(): Promise<void>
}

const cliMain = fileURLToPath(new URL('../main.ts', import.meta.url))
const upResult = z.object({ url: z.string(), firstToken: z.string() })

export async function setStage(onLine: (line: string) => void): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'tagship-demo-'))
  const data = join(folder, 'data')
  const httpPort = await freePort()
  const args = [
    'up',
    '--detach',
    '--json',
    '--data',
    data,
    '--port',
    `${await freePort()}`,
    '--http-port',
    `${httpPort}`,
  ]
  const clear = async () => {
    await runCli(folder, ['down', '--data', data]).catch(() => {})
    await runController(['teardown', '--images', '--data', data], { stdout: 'pipe', stderr: 'inherit' })
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const { url, firstToken: token } = upResult.parse(JSON.parse(await runCli(folder, args, onLine)))
    return { folder, data, url, token, httpPort, client: createClient({ url, token }), clear }
  } catch (error) {
    await clear()
    throw error
  }
}

/** This very program, with a config file of its own: the user's stays as it is. @throws what it said */
async function runCli(
  folder: string,
  args: readonly string[],
  onErrorLine: (line: string) => void = () => {},
): Promise<string> {
  const env = {
    XDG_CONFIG_HOME: join(folder, 'config'),
    TAGSHIP_URL: '',
    TAGSHIP_TOKEN: '',
    DATABASE_URL: '',
    REDIS_URL: '',
  }
  const result = await runCommand(process.execPath, [cliMain, ...args], {
    env,
    timeout: 120_000,
    onErrorLine,
  })
  if (result.exitCode === 0) return result.stdout
  throw new CliError({
    code: 'internal',
    detail: `tagship ${args[0]} failed:\n${result.stderr.trim() || result.stdout.trim()}`,
    mend: 'tagship doctor checks the machine.',
    exitCode: 1,
  })
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
}
