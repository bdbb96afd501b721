/** An sshd of the test's own on the loopback (openssh-server), with a key that it lets in. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'
import { testFolder } from './support.ts'

const server = '/usr/sbin/sshd'

export interface SshServer {
  /** `ssh://USER@127.0.0.1:PORT`, without a path. */
  readonly url: string
  readonly privateKey: string
  /** A line of known_hosts(5). */
  readonly knownHosts: string
  /** Starts again on the same port, as another machine would. */
  changeHostKey(): Promise<void>
}

/** @param known whether its key is let in */
export async function sshServer({ known = true } = {}): Promise<SshServer> {
  const folder = await testFolder()
  const host = join(folder, 'host')
  const key = join(folder, 'key')
  const keys = join(folder, 'keys')
  makeKey(host)
  makeKey(key)
  await (known ? copyFile(`${key}.pub`, keys) : writeFile(keys, ''))
  const port = await freePort()
  const config = join(folder, 'config')
  await writeFile(config, settings(host, keys, port))
  // As root, it wants the folder that its service makes.
  if (userInfo().uid === 0) await mkdir('/run/sshd', { recursive: true })
  let stop = await start(config)
  onTestFinished(() => stop())
  const hostKey = (await readFile(`${host}.pub`, 'utf8')).split(' ', 2).join(' ')
  return {
    url: `ssh://${userInfo().username}@127.0.0.1:${port}`,
    privateKey: await readFile(key, 'utf8'),
    knownHosts: `[127.0.0.1]:${port} ${hostKey}`,
    async changeHostKey() {
      await stop()
      for (const path of [host, `${host}.pub`]) await rm(path)
      makeKey(host)
      stop = await start(config)
    },
  }
}

function makeKey(path: string): void {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path])
}

function settings(host: string, keys: string, port: number): string {
  const lines = {
    HostKey: host,
    AuthorizedKeysFile: keys,
    ListenAddress: `127.0.0.1:${port}`,
    PidFile: 'none',
    StrictModes: 'no',
    UsePAM: 'no',
    PasswordAuthentication: 'no',
    KbdInteractiveAuthentication: 'no',
  }
  return Object.entries(lines)
    .map(([name, value]) => `${name} ${value}\n`)
    .join('')
}

async function start(config: string): Promise<() => Promise<void>> {
  const sshd = spawn(server, ['-D', '-e', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] })
  for await (const line of createInterface({ input: sshd.stderr })) {
    if (line.includes('Server listening')) break
  }
  return async () => {
    if (sshd.exitCode !== null || sshd.signalCode !== null) return
    sshd.kill()
    await once(sshd, 'exit')
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (!address || typeof address === 'string') throw new TypeError('no port')
  return address.port
}
