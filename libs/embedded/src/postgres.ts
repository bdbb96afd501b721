import { mkdir, readFile, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { TagshipError } from '@tagship/domain'
import type { Logger } from '@tagship/kit'
import { type Account, findAccount } from './postgres-account.ts'
import { type Binaries, findBinaries } from './postgres-binaries.ts'
import { ensureCluster, ensurePassword, readPassword } from './postgres-cluster.ts'
import { forgetEmptyLock } from './postgres-lock.ts'
import { choosePort } from './postgres-port.ts'
import { endProcess, isAlive, servesFolder, startDetached, waitUntil } from './processes.ts'
import { supervise } from './supervise.ts'

export interface EmbeddedPostgres {
  /** `postgresql://…` on loopback; stays the same over restarts. */
  readonly url: string
  readonly pid: number
  /** Ends the server: open transactions are rolled back, what was committed is on disk. */
  stop(): Promise<void>
}

export interface EmbeddedOptions {
  /** The installation's data folder. */
  readonly folder: string
  readonly log: Logger
}

/** Everything that a start needs and that stays the same from one to the next. */
interface Site {
  readonly dataDir: string
  readonly logPath: string
  readonly binaries: Binaries
  readonly account: Account
}

/** After `kill -9` the new server is refused until the last child of the old one has noticed. */
const startPatienceMs = 20_000

/** Enough for one controller on a small machine. */
const settings = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'max_connections=100',
  'shared_buffers=64MB',
  'log_checkpoints=off',
]

/**
 * The Postgres of this data folder: finds the one that runs (it outlives its parent), or starts it, the first
 * time with a fresh cluster; and starts it again when it dies, for as long as this process lives.
 * @throws data.notWritable, database.unavailable
 */
export async function startPostgres({ folder, log }: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const site = await prepareSite(folder)
  const password = await readPassword(folder)
  const port = (await runningServer(site.dataDir))?.port ?? (await choosePort(folder))
  const pid = await ensureRunning(site, port)
  const server = supervise('postgres', pid, () => ensureRunning(site, port), log)
  log.info({ server: 'postgres', pid, port }, 'server runs')
  return {
    url: urlOf(password, port),
    get pid() {
      return server.pid
    },
    async stop() {
      await server.release()
      // SIGINT is Postgres's fast shutdown, SIGQUIT its immediate one.
      await endProcess(server.pid, ['SIGINT', 'SIGQUIT'], 15_000)
    },
  }
}

/** The Postgres that runs on this data folder, whoever started it; null where none does. */
export async function findPostgres(folder: string): Promise<EmbeddedPostgres | null> {
  const home = await realpath(folder).catch(() => folder)
  const server = await runningServer(join(home, 'postgres'))
  if (!server) return null
  const { pid, port } = server
  return {
    url: urlOf(await readPassword(home), port),
    pid,
    stop: () => endProcess(pid, ['SIGINT', 'SIGQUIT'], 15_000),
  }
}

function urlOf(password: string, port: number): string {
  return `postgresql://tagship:${password}@127.0.0.1:${port}/tagship`
}

async function prepareSite(folder: string): Promise<Site> {
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((cause) => {
    throw new TagshipError('data.notWritable', `${folder} cannot be made: ${cause.message}`, { cause })
  })
  const home = await realpath(folder)
  await ensurePassword(home)
  const binaries = await findBinaries()
  const passwordFile = join(home, 'postgres.password')
  const account = await findAccount([binaries.postgres, passwordFile])
  await account.own(passwordFile)
  const dataDir = join(home, 'postgres')
  await ensureCluster(dataDir, passwordFile, binaries, account)
  return { dataDir, logPath: join(home, 'postgres.log'), binaries, account }
}

/** @returns the process id of the server, which takes connections now */
async function ensureRunning(site: Site, port: number): Promise<number> {
  const deadline = Date.now() + startPatienceMs
  for (;;) {
    const found = await runningServer(site.dataDir)
    const pid = found?.pid ?? (await launch(site, port))
    if (await waitUntilReady(pid, site.dataDir, deadline)) return pid
    if (Date.now() > deadline) throw await startFailure(site.logPath)
    await sleep(200)
  }
}

async function launch(site: Site, port: number): Promise<number> {
  await forgetEmptyLock(site.dataDir)
  const options = settings.flatMap((setting) => ['-c', setting])
  const server = [site.binaries.postgres, '-D', site.dataDir, '-p', String(port), ...options]
  return startDetached([...site.account.prefix, ...server], site.logPath)
}

/** @returns false where the server ended, or the deadline passed, before it took connections */
async function waitUntilReady(pid: number, dataDir: string, deadline: number): Promise<boolean> {
  let ready = false
  await waitUntil(async () => {
    if (!isAlive(pid)) return true
    const server = await readPidFile(dataDir)
    ready = server?.pid === pid && server.ready
    return ready
  }, deadline - Date.now())
  return ready
}

interface Postmaster {
  readonly pid: number
  readonly port: number
  readonly ready: boolean
}

async function runningServer(dataDir: string): Promise<Postmaster | null> {
  const server = await readPidFile(dataDir)
  return server && (await servesFolder(server.pid, dataDir)) ? server : null
}

/** Postgres's own record of its server (storage/pidfile.h): line 1 is the pid, 4 the port, 8 the status. */
async function readPidFile(dataDir: string): Promise<Postmaster | null> {
  const text = await readFile(join(dataDir, 'postmaster.pid'), 'utf8').catch(() => '')
  const lines = text.split('\n')
  const pid = Number(lines[0])
  const port = Number(lines[3])
  if (!(pid > 0) || !(port > 0)) return null
  return { pid, port, ready: lines[7]?.trim() === 'ready' }
}

async function startFailure(logPath: string): Promise<TagshipError> {
  const log = await readFile(logPath, 'utf8').catch(() => '')
  const words = log.trimEnd().split('\n').slice(-3).join(' / ')
  return new TagshipError('database.unavailable', `Postgres does not start; ${logPath} ends with: ${words}`)
}
