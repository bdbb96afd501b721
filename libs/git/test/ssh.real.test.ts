import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseTagName } from '@tagship/domain'
import { sampleRepository } from '@tagship/tests/git'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type SshServer, sshServer } from './ssh-server.ts'
import { remoteRepository, sha, testFolder, testSource } from './support.ts'

/** Where an app has no credential, the operator's own settings of ssh count. */
describe('a repository behind ssh', () => {
  it('is listed and fetched', async () => {
    const server = await sshServer()
    await useKeyOf(server)
    await using sample = await sampleRepository({ files: { 'a.txt': 'one' } })
    const commit = sha(await sample.git('rev-parse', 'HEAD'))
    await sample.tag('v1')
    const { source } = await testSource()
    const repository = remoteRepository(`${server.url}${sample.folder}`)
    expect(await source.listTags(repository)).toMatchObject([{ name: 'v1', commit }])
    await source.fetchCommit(repository, commit, parseTagName('v1'))
    expect(await source.readFile(repository, commit, 'a.txt')).toBe('one')
  })

  it('may not exist, and may be denied', async () => {
    const { source } = await testSource()
    const server = await sshServer()
    await useKeyOf(server)
    const missing = source.listTags(remoteRepository(`${server.url}/nowhere/shop.git`))
    await expect(missing).rejects.toMatchObject({ code: 'git.notFound' })
    const stranger = await sshServer({ known: false })
    await useKeyOf(stranger)
    const denied = source.listTags(remoteRepository(`${stranger.url}/nowhere/shop.git`))
    await expect(denied).rejects.toMatchObject({ code: 'git.denied' })
  })
})

async function useKeyOf({ privateKey }: SshServer): Promise<void> {
  const folder = await testFolder()
  const key = join(folder, 'key')
  await writeFile(key, privateKey, { mode: 0o600 })
  const identity = `-i ${key} -o IdentitiesOnly=yes -o UserKnownHostsFile=${join(folder, 'known_hosts')}`
  vi.stubEnv('GIT_SSH_COMMAND', `ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new ${identity}`)
  onTestFinished(() => void vi.unstubAllEnvs())
}
