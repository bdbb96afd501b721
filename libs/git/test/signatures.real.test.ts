/** Signed tags and commits, made by real gpg and ssh-keygen. */
import { execFileSync } from 'node:child_process'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseTagName, type Signer } from '@tagship/domain'
import { gitEnvironment, sampleRepository } from '@tagship/tests/git'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ensureHosted } from '../src/index.ts'
import { remoteRepository, sha, shop, testFolder, testSource } from './support.ts'

type Verify = 'tag' | 'commit' | 'both'

/** A person with an OpenPGP key and an SSH key of their own. */
async function person(name: string) {
  const folder = await testFolder()
  const home = join(folder, 'gnupg')
  await mkdir(home, { mode: 0o700 })
  const env = { ...gitEnvironment(), GNUPGHOME: home }
  const gpg = (...args: string[]) =>
    execFileSync('gpg', ['--batch', '--quiet', ...args], {
      env,
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'ignore'],
    })
  onTestFinished(() => void execFileSync('gpgconf', ['--kill', 'all'], { env }))
  gpg('--passphrase', '', '--quick-generate-key', `${name} <${name}@example.com>`, 'ed25519', 'sign', '1y')
  const [fingerprint = ''] = /[0-9A-F]{40}/.exec(gpg('--list-keys', '--with-colons')) ?? []
  const ssh = join(folder, 'id')
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', `${name}@laptop`, '-f', ssh])
  return {
    home,
    fingerprint,
    ssh,
    openPgpKey: gpg('--armor', '--export'),
    sshKey: await readFile(`${ssh}.pub`, 'utf8'),
    gpg,
    /** `git tag` or `git commit` with one of the keys. */
    sign: (cwd: string, how: 'openpgp' | 'ssh', ...args: string[]) => {
      const key = how === 'ssh' ? `${ssh}.pub` : fingerprint
      return execFileSync('git', ['-c', `gpg.format=${how}`, '-c', `user.signingKey=${key}`, ...args], {
        cwd,
        env,
      })
    },
  }
}

async function setting(signers: readonly Signer[]) {
  const sample = await sampleRepository({ files: { 'a.txt': 'one' } })
  onTestFinished(() => sample[Symbol.asyncDispose]())
  const { source } = await testSource({}, undefined, { signersOf: async () => signers })
  const repository = remoteRepository(sample.url)
  const app = { name: shop, repoUrl: repository.url }
  const check = async (name: string, verify: Verify = 'tag') => {
    const tags = await source.listTags(repository)
    const tag = tags.find((one) => one.name === name)
    if (!tag) throw new Error(`${name} is not there`)
    await source.fetchCommit(repository, tag.commit, tag.name)
    return source.verifySignature(app, { tag, commit: tag.commit, verify })
  }
  return { sample, source, repository, app, check }
}

async function inspect(key: string): Promise<Signer> {
  return (await testSource()).source.inspectSigner(key, null)
}

describe.each(['openpgp', 'ssh'] as const)('a tag that is signed with %s', (how) => {
  it('passes where the key is one of the signers’, and no other does', async () => {
    const [ada, eve] = await Promise.all([person('ada'), person('eve')])
    const signer = await inspect(how === 'ssh' ? ada.sshKey : ada.openPgpKey)
    const { sample, check } = await setting([signer])
    ada.sign(sample.folder, how, 'tag', '-s', '-m', 'One', 'v1')
    eve.sign(sample.folder, how, 'tag', '-s', '-m', 'Two', 'v2')
    await sample.tag('v3', { message: 'Three' })
    await sample.tag('v4')
    expect(await check('v1')).toEqual({
      outcome: 'passed',
      why: expect.stringContaining(`"v1" is signed by ${signer.name} (${signer.fingerprint})`),
    })
    expect(await check('v2')).toEqual({
      outcome: 'wrong signature',
      why: 'the tag "v2" is signed with a key that is none of the app’s signers',
    })
    expect(await check('v3')).toEqual({ outcome: 'unsigned', why: 'the tag "v3" is not signed' })
    expect(await check('v4')).toEqual({
      outcome: 'unsigned',
      why: 'the tag "v4" is a lightweight one, which cannot be signed',
    })
  })

  it('is refused where it was changed, or put under another name', async () => {
    const ada = await person('ada')
    const signer = await inspect(how === 'ssh' ? ada.sshKey : ada.openPgpKey)
    const { sample, check } = await setting([signer])
    ada.sign(sample.folder, how, 'tag', '-s', '-m', 'One', 'v1')
    const object = await sample.git('cat-file', 'tag', 'v1')
    const other = await sample.commit({ 'a.txt': 'evil' })
    const forged = object.replace(/^object .*$/m, `object ${other}`)
    const forgedSha = execFileSync('git', ['hash-object', '-t', 'tag', '-w', '--stdin'], {
      cwd: sample.folder,
      input: `${forged}\n`,
      encoding: 'utf8',
    }).trim()
    await sample.git('update-ref', 'refs/tags/v2', forgedSha)
    await sample.git('update-ref', 'refs/tags/v9', await sample.git('rev-parse', 'refs/tags/v1'))
    const renamed = forged.replace(/^tag v1$/m, 'tag v3')
    const renamedSha = execFileSync('git', ['hash-object', '-t', 'tag', '-w', '--stdin'], {
      cwd: sample.folder,
      input: `${renamed}\n`,
      encoding: 'utf8',
    }).trim()
    await sample.git('update-ref', 'refs/tags/v3', renamedSha)
    expect(await check('v9')).toEqual({
      outcome: 'wrong signature',
      why: 'the tag "v9" was signed under the name "v1"',
    })
    expect(await check('v2')).toMatchObject({ outcome: 'wrong signature' })
    expect(await check('v3')).toEqual({
      outcome: 'wrong signature',
      why: 'the tag "v3" was changed after it was signed',
    })
  })

  it('may have to be on the commit as well', async () => {
    const ada = await person('ada')
    const signer = await inspect(how === 'ssh' ? ada.sshKey : ada.openPgpKey)
    const { sample, source, repository, app, check } = await setting([signer])
    ada.sign(sample.folder, how, 'tag', '-s', '-m', 'One', 'v1')
    ada.sign(sample.folder, how, 'commit', '-S', '--allow-empty', '-q', '-m', 'Signed')
    ada.sign(sample.folder, how, 'tag', '-s', '-m', 'Two', 'v2')
    await sample.tag('v3')
    expect(await check('v1', 'both')).toMatchObject({
      outcome: 'unsigned',
      why: /^the commit \w+ is not signed$/,
    })
    expect(await check('v2', 'both')).toMatchObject({ outcome: 'passed' })
    expect(await check('v3', 'commit')).toMatchObject({ outcome: 'passed' })
    const commit = sha(await sample.git('rev-parse', 'HEAD'))
    await source.fetchCommit(repository, commit, null)
    const bySha = (verify: Verify) => source.verifySignature(app, { tag: null, commit, verify })
    expect(await bySha('commit')).toMatchObject({ outcome: 'passed' })
    expect(await bySha('both')).toMatchObject({ outcome: 'unsigned' })
  })
})

it('a revoked OpenPGP key signs nothing any more', async () => {
  const ada = await person('ada')
  const { sample, check } = await setting([])
  ada.sign(sample.folder, 'openpgp', 'tag', '-s', '-m', 'One', 'v1')
  expect(await check('v1')).toMatchObject({
    outcome: 'wrong signature',
    why: expect.stringContaining('no signers'),
  })
  const { fingerprint } = ada
  const revocation = await readFile(join(ada.home, 'openpgp-revocs.d', `${fingerprint}.rev`), 'utf8')
  execFileSync('gpg', ['--batch', '--quiet', '--import'], {
    env: { ...gitEnvironment(), GNUPGHOME: ada.home },
    input: revocation.replace(':-----BEGIN', '-----BEGIN'),
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const revoked = ada.gpg('--armor', '--export')
  await expect(inspect(revoked)).rejects.toMatchObject({ code: 'signer.invalid' })
  const signer: Signer = { kind: 'openpgp', fingerprint, name: 'ada', key: revoked }
  const other = await setting([signer])
  ada.sign(other.sample.folder, 'openpgp', 'tag', '-a', '-m', 'x', 'v0')
  await other.sample.git('fetch', '--quiet', sample.folder, 'refs/tags/v1:refs/tags/v1')
  expect(await other.check('v1')).toEqual({
    outcome: 'wrong signature',
    why: 'the tag "v1" is signed with a key that was revoked',
  })
})

it('a hosted repository’s tags are verified in place', async () => {
  const ada = await person('ada')
  const signer = await inspect(ada.sshKey)
  const { source, folder } = await testSource({}, undefined, { signersOf: async () => [signer] })
  await using sample = await sampleRepository()
  ada.sign(sample.folder, 'ssh', 'tag', '-s', '-m', 'One', 'v1')
  await sample.push(await ensureHosted(folder, shop), 'v1')
  const commit = sha(await sample.git('rev-parse', 'HEAD'))
  const refSha = await sample.git('rev-parse', 'v1')
  const tag = { name: parseTagName('v1'), refSha }
  const app = { name: shop, repoUrl: null }
  expect(await source.verifySignature(app, { tag, commit, verify: 'tag' })).toMatchObject({
    outcome: 'passed',
  })
})

describe('a signer', () => {
  it('is known by its key’s own words, and never a private key', async () => {
    const ada = await person('ada')
    const { source } = await testSource()
    expect(await source.inspectSigner(ada.sshKey, null)).toEqual({
      kind: 'ssh',
      fingerprint: expect.stringMatching(/^SHA256:/),
      name: 'ada@laptop',
      key: expect.stringMatching(/^ssh-ed25519 \S+$/),
    })
    expect(await source.inspectSigner(ada.openPgpKey, 'release key')).toMatchObject({
      kind: 'openpgp',
      fingerprint: expect.stringMatching(/^[0-9A-F]{40}$/),
      name: 'release key',
    })
    const secret = await readFile(ada.ssh, 'utf8')
    for (const bad of [
      secret,
      'ssh-ed25519 AAAA',
      'hello',
      `${ada.sshKey}${ada.sshKey}`,
      '-----BEGIN PGP PUBLIC KEY BLOCK-----\n',
    ]) {
      await expect(source.inspectSigner(bad, null)).rejects.toMatchObject({ code: 'signer.invalid' })
    }
  })
})
