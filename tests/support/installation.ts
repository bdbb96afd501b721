/** An installation of the test's own, driven through `./tagship` as a user types it. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Client, controllersPath, createClient, parseControllerFiles } from '@tagship/api'
import { runCommand } from '@tagship/kit'
import type { SampleRepository } from './git.ts'
import { push } from './push.ts'

export const launcher = fileURLToPath(new URL('../../tagship', import.meta.url))

export interface CommandOutcome {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Installation extends AsyncDisposable {
  readonly data: string
  /** What each of its processes is started with, beyond this process's own environment. */
  readonly env: Readonly<Record<string, string>>
  /** Its id: what everything of it in Docker is labelled with. */
  readonly id: string
  readonly url: string
  readonly token: string
  readonly httpPort: number
  readonly client: Client
  /** Runs `./tagship …`; never throws for its exit code. */
  tagship(...args: string[]): Promise<CommandOutcome>
  /** The same with another token than the one that `up` has left. */
  tagshipAs(token: string, ...args: string[]): Promise<CommandOutcome>
  /** Runs `./tagship … --json`, expects the exit code, and gives the document. */
  json<T = unknown>(args: readonly string[], exitCode?: number): Promise<T>
  /** Pushes to the repository that Tagship hosts for the app. @returns what the pusher saw, and git's exit code */
  push(app: string, repository: SampleRepository, ...refs: string[]): Promise<CommandOutcome>
  /** The same through the controller on this port. */
  pushThrough(
    port: number,
    app: string,
    repository: SampleRepository,
    ...refs: string[]
  ): Promise<CommandOutcome>
  /** The process id of the controller on this port; default: the first one's. */
  pid(port?: number): Promise<number>
  /** Starts the controller, with more environment where a test needs it, or one more on a port of its own. */
  up(env?: Readonly<Record<string, string>>, port?: number): Promise<CommandOutcome>
  /** What users get: one request through the router. */
  fetch(host: string, path?: string): Promise<{ status: number; version: string | null; text: string }>
}

export interface InstallationOptions {
  /** For each start of the controller and each command: `DATABASE_URL`, say. */
  readonly env?: Readonly<Record<string, string>>
  /** Made from a backup: runs `tagship restore` before the first start. A token of the backup lets one in. */
  readonly restored?: { readonly args: readonly string[]; readonly token: string }
}

/** Starts one; dispose of it at the end, and nothing of it is left. */
export async function startInstallation(options: InstallationOptions = {}): Promise<Installation> {
  const folder = await mkdtemp(join(tmpdir(), 'tagship-e2e-'))
  const data = join(folder, 'data')
  const [port, httpPort] = await Promise.all([freePort(), freePort()])
  const env: Record<string, string> = {
    HOME: folder,
    XDG_CONFIG_HOME: join(folder, 'config'),
    XDG_DATA_HOME: join(folder, 'share'),
    ...options.env,
  }

  const run = async (args: readonly string[], more: Readonly<Record<string, string>> = {}) =>
    runCommand(launcher, args, { env: { ...env, ...more }, timeout: 170_000 })
  const up = (more?: Readonly<Record<string, string>>, at = port) =>
    run(['up', '--detach', '--json', '--data', data, '--port', `${at}`, '--http-port', `${httpPort}`], more)
  const remove = async () => {
    await run(['down', '--data', data])
    await runCommand(process.execPath, [controllerMain, 'teardown', '--images', '--data', data], {
      env,
      timeout: 60_000,
    })
    await rm(folder, { recursive: true, force: true })
  }

  if (options.restored) {
    const made = await run(['restore', ...options.restored.args, '--data', data])
    if (made.exitCode !== 0) {
      await remove()
      throw new Error(`tagship restore failed:\n${made.stderr}\n${made.stdout}`)
    }
  }
  const started = await up()
  if (started.exitCode !== 0) {
    await remove()
    throw new Error(`tagship up failed:\n${started.stderr}\n${started.stdout}`)
  }
  const ready = JSON.parse(started.stdout) as { url: string; installation: string; firstToken: string }
  const { url, installation: id } = ready
  const token = options.restored?.token ?? ready.firstToken
  if (options.restored) Object.assign(env, { TAGSHIP_URL: url, TAGSHIP_TOKEN: token })
  const pushThrough: Installation['pushThrough'] = (at, app, { folder }, ...refs) =>
    push({ url: `http://127.0.0.1:${at}`, token, app, folder, refs })
  return {
    data,
    env,
    id,
    url,
    token,
    httpPort,
    client: createClient({ url, token }),
    tagship: (...args) => run(args),
    tagshipAs: (one, ...args) => run(args, { TAGSHIP_URL: url, TAGSHIP_TOKEN: one }),
    async json<T>(args: readonly string[], exitCode = 0) {
      const outcome = await run([...args, '--json'])
      if (outcome.exitCode !== exitCode) {
        throw new Error(
          `tagship ${args.join(' ')} ended with ${outcome.exitCode}, not ${exitCode}:\n${outcome.stderr}\n${outcome.stdout}`,
        )
      }
      return JSON.parse(outcome.stdout) as T
    },
    push: (...what) => pushThrough(port, ...what),
    pushThrough,
    pid: async (at = port) => {
      const folder = controllersPath(data)
      const names = (await readdir(folder)).filter((name) => name.endsWith('.json'))
      const texts = await Promise.all(
        names.map((name) => readFile(join(folder, name), 'utf8').catch(() => '')),
      )
      // One that died is there until its work is taken over: the latest counts.
      const there = parseControllerFiles(texts).filter((one) => one.port === at)
      const [latest] = there.sort((a, b) => b.startedAt.localeCompare(a.startedAt))
      if (!latest) throw new Error(`no controller has port ${at}`)
      return latest.pid
    },
    up,
    fetch: (host, path = '/') => fetchThrough(httpPort, host, path),
    [Symbol.asyncDispose]: remove,
  }
}

const controllerMain = fileURLToPath(new URL('../../apps/controller/src/main.ts', import.meta.url))

/** A `Host` header of one's own is what `fetch` does not allow. */
async function fetchThrough(port: number, host: string, path: string) {
  const { request } = await import('node:http')
  return new Promise<{ status: number; version: string | null; text: string }>((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, headers: { host }, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          version: response.headers['x-version']?.toString() ?? null,
          text,
        }),
      )
    })
    asked.on('error', reject).end()
  })
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
}
