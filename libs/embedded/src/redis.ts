import { mkdir, readFile, realpath, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { TagshipError } from '@tagship/domain'
import { runCommand } from '@tagship/kit'
import type { EmbeddedOptions } from './postgres.ts'
import { endProcess, isAlive, servesFolder, startDetached, waitUntil } from './processes.ts'
import { answersPing } from './redis-ping.ts'
import { socketPathIn } from './socket-path.ts'
import { supervise } from './supervise.ts'

export interface EmbeddedRedis {
  /** A unix socket that only this user may open; stays the same over restarts. */
  readonly socketPath: string
  readonly pid: number
  /** Ends the server; what it held is on disk. */
  stop(): Promise<void>
}

/** How long a server may take to load what is on disk. */
const startPatienceMs = 20_000

/**
 * The Redis of this data folder: finds the one that runs (it outlives its parent), or starts it, and starts it
 * again when it dies, for as long as this process lives. Null where this machine has no `redis-server`.
 * @throws queue.unavailable, data.notWritable
 */
export async function startRedis({ folder, log }: EmbeddedOptions): Promise<EmbeddedRedis | null> {
  if ((await runCommand('redis-server', ['--version'])).exitCode !== 0) return null
  const dataDir = await prepareFolder(folder)
  const socketPath = await socketPathIn(folder, 'redis.sock')
  const pid = await ensureRunning(dataDir, socketPath)
  const server = supervise('redis', pid, () => ensureRunning(dataDir, socketPath), log)
  log.info({ server: 'redis', pid, socketPath }, 'server runs')
  return {
    socketPath,
    get pid() {
      return server.pid
    },
    async stop() {
      await server.release()
      await endProcess(server.pid, ['SIGTERM', 'SIGKILL'], 15_000)
    },
  }
}

async function prepareFolder(folder: string): Promise<string> {
  const dataDir = join(folder, 'redis')
  await mkdir(dataDir, { recursive: true, mode: 0o700 }).catch((cause) => {
    throw new TagshipError('data.notWritable', `${dataDir} cannot be made: ${cause.message}`, { cause })
  })
  return realpath(dataDir)
}

/** @returns the process id of the server, which takes commands now */
async function ensureRunning(dataDir: string, socketPath: string): Promise<number> {
  const deadline = Date.now() + startPatienceMs
  let putAside = false
  for (;;) {
    const pid = (await runningServer(dataDir)) ?? (await launch(dataDir, socketPath))
    await waitUntil(async () => !isAlive(pid) || (await answersPing(socketPath)), deadline - Date.now())
    if (isAlive(pid) && (await answersPing(socketPath))) return pid
    if (!putAside && (await isDamaged(dataDir))) {
      await rename(join(dataDir, 'appendonlydir'), join(dataDir, `damaged-${Date.now()}`))
      putAside = true
      continue
    }
    if (Date.now() > deadline) throw await startFailure(dataDir)
    await sleep(200)
  }
}

async function launch(dataDir: string, socketPath: string): Promise<number> {
  // What a server that was killed has left behind.
  await rm(socketPath, { force: true })
  const settings = {
    port: '0',
    unixsocket: socketPath,
    unixsocketperm: '700',
    dir: dataDir,
    pidfile: pidFile(dataDir),
    appendonly: 'yes',
    save: '',
    'maxmemory-policy': 'noeviction',
    daemonize: 'no',
  }
  const options = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
  return startDetached(['redis-server', ...options], logFile(dataDir))
}

async function runningServer(dataDir: string): Promise<number | null> {
  const pid = Number(await readFile(pidFile(dataDir), 'utf8').catch(() => ''))
  return pid > 0 && (await servesFolder(pid, dataDir)) ? pid : null
}

const pidFile = (dataDir: string) => join(dataDir, 'redis.pid')
const logFile = (dataDir: string) => `${dataDir}.log`

/**
 * Whether the server has ended because of what is on disk (a power cut in the middle of a write). Nothing there is
 * missed: Postgres knows of every job.
 */
async function isDamaged(dataDir: string): Promise<boolean> {
  const log = await readFile(logFile(dataDir), 'utf8').catch(() => '')
  const words = log.trimEnd().split('\n').slice(-6).join('\n')
  return /Bad file format reading the append only file|AOF manifest|Error reading.*append only file/i.test(
    words,
  )
}

async function startFailure(dataDir: string): Promise<TagshipError> {
  const log = await readFile(logFile(dataDir), 'utf8').catch(() => '')
  const words = log.trimEnd().split('\n').slice(-3).join(' / ')
  return new TagshipError(
    'queue.unavailable',
    `Redis does not start; ${logFile(dataDir)} ends with: ${words}`,
  )
}
