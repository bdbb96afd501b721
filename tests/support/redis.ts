/** A Redis of its own for a test file. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const program = 'redis-server'

export interface TestRedis {
  readonly socketPath: string
  /** Of its files. */
  readonly folder: string
  /** Ends the server as a crash would. Resolves when it is gone. */
  kill(): Promise<void>
  /** Starts it again, on the same socket and with what it kept on disk. */
  start(): Promise<void>
  /** Ends the server and removes its files. */
  close(): Promise<void>
}

/** Starts a real `redis-server` on a unix socket in a temporary folder. */
export async function startTestRedis(): Promise<TestRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'tagship-redis-'))
  const socketPath = join(folder, 'redis.sock')
  let server: ChildProcess | null = null

  async function start(): Promise<void> {
    await rm(socketPath, { force: true })
    const options = ['--port', '0', '--unixsocket', socketPath, '--dir', folder]
    const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory-policy', 'noeviction']
    const child = spawn(program, [...options, ...durable], { stdio: 'ignore' })
    server = child
    await once(child, 'spawn').catch((cause) => {
      throw new Error('the tests need redis-server, which is not installed; run: ./tagship prepare', {
        cause,
      })
    })
    await untilItAnswers(socketPath, child)
  }

  async function kill(): Promise<void> {
    const child = server
    server = null
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  try {
    await start()
  } catch (error) {
    await kill()
    await rm(folder, { recursive: true, force: true })
    throw error
  }
  return {
    socketPath,
    folder,
    kill,
    start,
    async close() {
      await kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function untilItAnswers(socketPath: string, server: ChildProcess): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!(await answers(socketPath))) {
    if (server.exitCode !== null) throw new Error(`redis-server ended with ${server.exitCode}`)
    if (Date.now() > deadline) throw new Error('redis-server did not answer within 20 s')
    await sleep(20)
  }
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath)
    const settle = (yes: boolean) => {
      socket.destroy()
      resolve(yes)
    }
    socket.once('error', () => settle(false))
    socket.once('connect', () => socket.write('PING\r\n'))
    socket.once('data', (data) => settle(data.toString().startsWith('+PONG')))
  })
}
