/** An image registry of the tests' own, on loopback. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../support/installation.ts'

export interface TestRegistry extends AsyncDisposable {
  readonly address: string
}

/** @param htpasswd lines of `htpasswd -B`: then it takes nothing from others */
export async function startRegistry(htpasswd?: string): Promise<TestRegistry> {
  const folder = await mkdtemp(join(tmpdir(), 'tagship-registry-'))
  const address = `127.0.0.1:${await freePort()}`
  await mkdir(join(folder, 'data'))
  if (htpasswd) await writeFile(join(folder, 'htpasswd'), htpasswd)
  const auth = htpasswd ? `auth: { htpasswd: { realm: tests, path: ${folder}/htpasswd } }\n` : ''
  await writeFile(
    join(folder, 'config.yml'),
    `version: 0.1\nlog: { level: error }\nstorage: { filesystem: { rootdirectory: ${folder}/data }, delete: { enabled: true } }\nhttp: { addr: '${address}' }\n${auth}`,
  )
  const server = spawn('docker-registry', ['serve', join(folder, 'config.yml')], { stdio: 'ignore' })
  const ended = once(server, 'exit')
  const answers = async () => (await fetch(`http://${address}/v2/`).catch(() => null)) !== null
  for (let look = 0; !(await answers()); look += 1) {
    if (look > 100) throw new Error(`docker-registry does not answer at ${address}`)
    await sleep(50)
  }
  return {
    address,
    async [Symbol.asyncDispose]() {
      server.kill()
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}
