/** An image registry of the tests' own, on loopback. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { runCommand } from '@tagship/kit'
import { freePort } from '../support/installation.ts'

export interface TestRegistry extends AsyncDisposable {
  readonly address: string
  start(): Promise<void>
  stop(): Promise<void>
}

export interface RegistryOptions {
  /** Lines of `htpasswd -B`: then it takes nothing from others. */
  readonly htpasswd?: string
  /** Of a disk of its own, such as `8m`. */
  readonly room?: string
}

export async function startRegistry({ htpasswd, room }: RegistryOptions = {}): Promise<TestRegistry> {
  const folder = await mkdtemp(join(tmpdir(), 'tagship-registry-'))
  const address = `127.0.0.1:${await freePort()}`
  await mkdir(join(folder, 'data'))
  if (room) await run('mount', '-t', 'tmpfs', '-o', `size=${room}`, 'tagship-registry', join(folder, 'data'))
  if (htpasswd) await writeFile(join(folder, 'htpasswd'), htpasswd)
  const auth = htpasswd ? `auth: { htpasswd: { realm: tests, path: ${folder}/htpasswd } }\n` : ''
  await writeFile(
    join(folder, 'config.yml'),
    `version: 0.1\nlog: { level: error }\nstorage: { filesystem: { rootdirectory: ${folder}/data }, delete: { enabled: true } }\nhttp: { addr: '${address}' }\n${auth}`,
  )
  let server: ChildProcess | null = null
  const start = async () => {
    server = spawn('docker-registry', ['serve', join(folder, 'config.yml')], { stdio: 'ignore' })
    const answers = async () => (await fetch(`http://${address}/v2/`).catch(() => null)) !== null
    for (let look = 0; !(await answers()); look += 1) {
      if (look > 100) throw new Error(`docker-registry does not answer at ${address}`)
      await sleep(50)
    }
  }
  const stop = async () => {
    const ended = server?.exitCode === null ? once(server, 'exit') : null
    server?.kill()
    await ended
    server = null
  }
  await start()
  return {
    address,
    start,
    stop,
    async [Symbol.asyncDispose]() {
      await stop()
      if (room) await run('umount', '--lazy', join(folder, 'data'))
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function run(program: string, ...args: string[]): Promise<void> {
  const { exitCode, stderr, startError } = await runCommand(program, args)
  if (exitCode !== 0) throw new Error(`${program}: ${startError ?? stderr}`)
}
