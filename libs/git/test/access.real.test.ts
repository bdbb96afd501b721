/** Credentials against servers that ask for them: smart HTTP, a GitHub App, and ssh with host keys. */
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync, verify } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseTagName, type SourceCredential } from '@tagship/domain'
import { networkPolicy } from '@tagship/kit'
import { sampleRepository } from '@tagship/tests/git'
import { describe, expect, it, onTestFinished } from 'vitest'
import { installationTokens } from '../src/access/github-app.ts'
import { createPushEndpoint, ensureHosted } from '../src/index.ts'
import { sshServer } from './ssh-server.ts'
import { listen, memoryLog, remoteRepository, sha, shop, testFolder, testSource } from './support.ts'

const v1 = parseTagName('v1')

/** A repository over smart HTTP that wants `password`. */
async function guarded(password: () => string) {
  const folder = await testFolder()
  const sample = await sampleRepository({ files: { 'a.txt': 'one' } })
  onTestFinished(() => sample[Symbol.asyncDispose]())
  await sample.tag('v1')
  await sample.push(await ensureHosted(folder, shop), 'main', 'v1')
  const endpoint = createPushEndpoint({
    folder,
    authorize: (_, token) => (token === password() ? { actor: 'bot' } : 'missing'),
    onPush: async () => {},
    log: memoryLog(),
  })
  const url = await listen(endpoint)
  return {
    repository: remoteRepository(`${url}/git/shop.git`),
    commit: sha(await sample.git('rev-parse', 'HEAD')),
  }
}

const using = (credential: SourceCredential | null, knownHosts: string | null = null) =>
  testSource({}, undefined, { accessOf: async () => ({ credential, knownHosts }) })

describe('a token', () => {
  it('opens the repository, and stands in no argument of any process', async () => {
    const { repository, commit } = await guarded(() => 's3cret-token')
    const { source } = await using({ kind: 'token', user: 'bot', token: 's3cret-token' })
    const seen: string[] = []
    const watching = setInterval(() => {
      seen.push(execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }))
    }, 20)
    expect(await source.listTags(repository)).toMatchObject([{ name: 'v1', commit }])
    await source.fetchCommit(repository, commit, v1)
    clearInterval(watching)
    expect(seen.join('\n')).toContain('ls-remote')
    expect(seen.join('\n')).not.toContain('s3cret-token')
    const { source: without } = await using(null)
    await expect(without.listTags(repository)).rejects.toMatchObject({ code: 'git.denied' })
  })
})

describe('a GitHub App', () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()

  /** GitHub's side of it, as its documentation has it. */
  async function github(status = 201) {
    const asked: string[] = []
    const apiUrl = await listen((request, response) => {
      const [, jwt = ''] = /^Bearer (.+)$/.exec(request.headers.authorization ?? '') ?? []
      const [head = '', claims = '', signature = ''] = jwt.split('.')
      const isRight = verify(
        'sha256',
        Buffer.from(`${head}.${claims}`),
        publicKey,
        Buffer.from(signature, 'base64url'),
      )
      const { iss, exp, iat } = JSON.parse(Buffer.from(claims, 'base64url').toString())
      asked.push(`${request.method} ${request.url} ${isRight} ${iss} ${exp - iat <= 600}`)
      const expires = new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+/, '')
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(
        JSON.stringify({ token: 'ghs_installation', expires_at: expires, permissions: { contents: 'read' } }),
      )
    })
    return { apiUrl, asked }
  }

  it('gets a token of its installation, once for many looks', async () => {
    const { repository, commit } = await guarded(() => 'ghs_installation')
    const { apiUrl, asked } = await github()
    const { source } = await using({
      kind: 'githubApp',
      appId: '12345',
      installationId: '678',
      apiUrl,
      privateKey: pem,
    })
    expect(await source.listTags(repository)).toMatchObject([{ commit }])
    await source.listTags(repository)
    expect(asked).toEqual(['POST /app/installations/678/access_tokens true 12345 true'])
  })

  it('does not ask where the controller may not go', async () => {
    const { apiUrl, asked } = await github()
    const credential = { kind: 'githubApp', appId: '12345', installationId: '678', privateKey: pem } as const
    const port = new URL(apiUrl).port
    const tokens = installationTokens(networkPolicy([]))
    for (const host of ['127.0.0.1', 'localhost', '169.254.169.254']) {
      const refused = tokens.tokenFor({ ...credential, apiUrl: `http://${host}:${port}` })
      await expect(refused).rejects.toMatchObject({ code: 'repo.refused' })
    }
    expect(asked).toEqual([])
  })

  it('that gets none is denied, in words', async () => {
    const { repository } = await guarded(() => 'never')
    const { apiUrl } = await github(401)
    const { source } = await using({
      kind: 'githubApp',
      appId: '12345',
      installationId: '678',
      apiUrl,
      privateKey: pem,
    })
    const failed = source.listTags(repository)
    await expect(failed).rejects.toMatchObject({
      code: 'git.denied',
      message: expect.stringContaining('installation'),
    })
  })

  it('shows the fingerprint of its key; another key is refused', async () => {
    const { source } = await testSource()
    const app = {
      kind: 'githubApp' as const,
      appId: 'Iv1.x',
      installationId: '1',
      apiUrl: 'https://api.github.com',
    }
    const shown = await source.inspectCredential({ ...app, privateKey: pem })
    expect(shown).toMatchObject({ appId: 'Iv1.x', key: expect.stringMatching(/^SHA256:/) })
    expect(JSON.stringify(shown)).not.toContain('PRIVATE')
    const refused = source.inspectCredential({ ...app, privateKey: 'hello' })
    await expect(refused).rejects.toMatchObject({ code: 'credential.invalid' })
  })
})

describe('an SSH key', () => {
  it('opens the repository where the server’s host key is the one that was given, and leaves nothing', async () => {
    const server = await sshServer()
    await using sample = await sampleRepository({ files: { 'a.txt': 'one' } })
    await sample.tag('v1')
    const commit = sha(await sample.git('rev-parse', 'HEAD'))
    const repository = remoteRepository(`${server.url}${sample.folder}`)
    const credential = { kind: 'sshKey' as const, privateKey: server.privateKey }
    const { source, folder } = await using(credential, server.knownHosts)
    expect(await source.listTags(repository)).toMatchObject([{ name: 'v1', commit }])
    await source.fetchCommit(repository, commit, v1)
    expect(await source.readFile(repository, commit, 'a.txt')).toBe('one')
    expect(await readdir(join(folder, 'access'))).toEqual([])

    const other = await sshServer()
    const wrong = server.knownHosts.replace(/ssh-ed25519 .*/, other.knownHosts.replace(/^\S+ /, ''))
    const { source: suspicious } = await using(credential, wrong)
    await expect(suspicious.listTags(repository)).rejects.toMatchObject({ code: 'git.denied' })
    const { source: unknown } = await using(credential, 'example.com ssh-ed25519 AAAA')
    await expect(unknown.listTags(repository)).rejects.toMatchObject({ code: 'git.denied' })
    const { source: stranger } = await using(
      { kind: 'sshKey', privateKey: other.privateKey },
      server.knownHosts,
    )
    await expect(stranger.listTags(repository)).rejects.toMatchObject({ code: 'git.denied' })
  })

  it('without host keys takes the first that is shown, and no other afterwards', async () => {
    const server = await sshServer()
    await using sample = await sampleRepository()
    await sample.tag('v1')
    const repository = remoteRepository(`${server.url}${sample.folder}`)
    const { source, folder } = await using({ kind: 'sshKey', privateKey: server.privateKey })
    expect(await source.listTags(repository)).toHaveLength(1)
    expect(await readFile(join(folder, 'access', 'ssh_known_hosts'), 'utf8')).toContain('ssh-ed25519')
    await server.changeHostKey()
    await expect(source.listTags(repository)).rejects.toMatchObject({ code: 'git.denied' })
  })

  it('shows its fingerprint; one with a passphrase, and host keys that are none, are refused', async () => {
    const { source } = await testSource()
    const server = await sshServer()
    const shown = await source.inspectCredential({ kind: 'sshKey', privateKey: server.privateKey })
    expect(shown).toEqual({ key: expect.stringMatching(/^SHA256:/) })
    const path = join(await testFolder(), 'id')
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'passphrase', '-f', path])
    const locked = source.inspectCredential({ kind: 'sshKey', privateKey: await readFile(path, 'utf8') })
    await expect(locked).rejects.toMatchObject({ code: 'credential.invalid' })
    expect(await source.inspectHostKeys(`# a comment\n${server.knownHosts}\n`)).toBe(server.knownHosts.trim())
    await expect(source.inspectHostKeys('hello')).rejects.toMatchObject({ code: 'hostKeys.invalid' })
  })
})
