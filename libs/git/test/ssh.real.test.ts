import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { copyFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseTagName } from '@tagship/domain'
import { sampleRepository } from '@tagship/tests/git'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { remoteRepository, sha, testFolder, testSource } from './support.ts'

const server = '/usr/sbin/sshd'
// As root, it wants the folder that its service makes.
const available = existsSync(server) && (userInfo().uid !== 0 || existsSync('/run/sshd'))

describe.skipIf(!available)('a repository behind ssh', () => {
  it('is listed and fetched', async () => {
    const { url } = await sshServer({ known: true })
    await using sample = await sampleRepository({ files: { 'a.txt': 'one' } })
    const commit = sha(await sample.git('rev-parse', 'HEAD'))
    await sample.tag('v1')
    const { source } = await testSource()
    const repository = remoteRepository(`${url}${sample.folder}`)
    expect(await source.listTags(repository)).toMatchObject([{ name: 'v1', commit }])
    await source.fetchCommit(repository, commit, parseTagName('v1'))
    expect(await source.readFile(repository, commit, 'a.txt')).toBe('one')
  })

  it('may not exist, and may be denied', async () => {
    const { source } = await testSource()
    const { url } = await sshServer({ known: true })
    const missing = source.listTags(remoteRepository(`${url}/nowhere/shop.git`))
    await expect(missing).rejects.toMatchObject({ code: 'git.notFound' })
    const stranger = await sshServer({ known: false })
    const denied = source.listTags(remoteRepository(`${stranger.url}/nowhere/shop.git`))
    await expect(denied).rejects.toMatchObject({ code: 'git.denied' })
  })
})

/** An sshd of our own on the loopback, which knows our key or does not. */
async function sshServer({ known }: { readonly known: boolean }): Promise<{ url: string }> {
  const folder = await testFolder()
  const [host, key, keys] = ['host', 'key', 'keys'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  for (const path of [host, key]) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path])
  }
  await (known ? copyFile(`${key}.pub`, keys) : writeFile(keys, ''))
  const port = await freePort()
  const settings = {
    HostKey: host,
    AuthorizedKeysFile: keys,
    ListenAddress: `127.0.0.1:${port}`,
    PidFile: 'none',
    StrictModes: 'no',
    UsePAM: 'no',
    PasswordAuthentication: 'no',
    KbdInteractiveAuthentication: 'no',
  }
  const config = join(folder, 'config')
  const lines = Object.entries(settings).map(([name, value]) => `${name} ${value}\n`)
  await writeFile(config, lines.join(''))
  const sshd = spawn(server, ['-D', '-e', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] })
  onTestFinished(async () => {
    sshd.kill()
    if (sshd.exitCode === null) await once(sshd, 'exit')
  })
  for await (const line of createInterface({ input: sshd.stderr })) {
    if (line.includes('Server listening')) break
  }
  const identity = `-i ${key} -o IdentitiesOnly=yes -o UserKnownHostsFile=${join(folder, 'known_hosts')}`
  vi.stubEnv('GIT_SSH_COMMAND', `ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new ${identity}`)
  onTestFinished(() => void vi.unstubAllEnvs())
  return { url: `ssh://${userInfo().username}@127.0.0.1:${port}` }
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
