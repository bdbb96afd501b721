/** Looks at keys before they are kept: through ssh-keygen and gpg, in folders that go at once. */
import { createHash, createPrivateKey, createPublicKey } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Signer, type SourceCredential, TagshipError } from '@tagship/domain'
import type { KeyInspector, ShownCredential } from '@tagship/engine'
import { execa } from 'execa'
import { scratchName } from '../scratch.ts'
import { gpgHome } from '../signatures/gpg-home.ts'

const patienceMs = 15_000

export function keyInspector(folder: string): KeyInspector {
  return {
    inspectSigner: (key, name) => inspectSigner(folder, key.trim(), name),
    inspectCredential: (credential) => inspectCredential(folder, credential),
    inspectHostKeys: (lines) => inspectHostKeys(folder, lines),
  }
}

async function inspectCredential(folder: string, credential: SourceCredential): Promise<ShownCredential> {
  if (credential.kind === 'token') return { user: credential.user }
  if (credential.kind === 'githubApp') {
    const { appId, installationId, apiUrl, privateKey } = credential
    const protocol = URL.parse(apiUrl)?.protocol
    if (protocol !== 'https:' && protocol !== 'http:') throw invalid(`${apiUrl} is not the URL of an API`)
    return { appId, installationId, apiUrl, key: rsaFingerprint(privateKey) }
  }
  const { stdout, exitCode } = await withFile(folder, credential.privateKey, (path) =>
    run('ssh-keygen', ['-y', '-P', '', '-f', path]),
  )
  if (exitCode !== 0) throw invalid('it is not an SSH private key without passphrase')
  return { key: await sshFingerprint(folder, stdout, () => invalid('it is not an SSH key')) }
}

/** As GitHub shows it beside the app's key. */
function rsaFingerprint(privateKey: string): string {
  try {
    const key = createPrivateKey(privateKey)
    if (key.asymmetricKeyType !== 'rsa') throw new TypeError('not an RSA key')
    const der = createPublicKey(key).export({ type: 'spki', format: 'der' })
    return `SHA256:${createHash('sha256').update(der).digest('base64')}`
  } catch (cause) {
    throw new TagshipError('credential.invalid', 'it is not the RSA private key of a GitHub App (PEM)', {
      cause,
    })
  }
}

async function inspectHostKeys(folder: string, text: string): Promise<string> {
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
  for (const line of lines) {
    const key = /^(?:@\S+\s+)?[^\s@]\S*\s+(\S+\s+\S+)/.exec(line)?.[1]
    const wrong = () =>
      new TagshipError('hostKeys.invalid', `"${line.slice(0, 60)}" is not a line of known_hosts`)
    if (!key) throw wrong()
    await sshFingerprint(folder, key, wrong)
  }
  if (lines.length === 0) throw new TagshipError('hostKeys.invalid', 'there is no key in it')
  return lines.join('\n')
}

async function inspectSigner(folder: string, key: string, name: string | null): Promise<Signer> {
  if (key.includes('PRIVATE KEY')) throw noSigner('this is a private key; give the public one, and keep it')
  if (key.startsWith('-----BEGIN PGP PUBLIC KEY BLOCK-----')) return inspectOpenPgp(folder, key, name)
  if (/[\r\n]/.test(key)) throw noSigner('an SSH public key is one line; an OpenPGP key is armored')
  const [, type, material, comment] = /^(\S+) (\S+)(?: (.*))?$/.exec(key) ?? []
  if (!type || !material) throw noSigner('it is neither an armored OpenPGP key nor an SSH public key')
  const line = `${type} ${material}`
  const wrong = () => noSigner('it is neither an armored OpenPGP key nor an SSH public key')
  const fingerprint = await sshFingerprint(folder, line, wrong)
  return { kind: 'ssh', fingerprint, name: name ?? printable(comment ?? '') ?? fingerprint, key: line }
}

async function inspectOpenPgp(folder: string, key: string, name: string | null): Promise<Signer> {
  await using home = await gpgHome(folder, [])
  const args = ['--batch', '--with-colons', '--show-keys', '--fingerprint']
  const { stdout, exitCode, startError } = await run('gpg', args, { input: key, env: home.env })
  if (startError) throw noSigner('gpg is not installed where the controller runs')
  const rows = stdout.split('\n').map((line) => line.split(':'))
  const primary = rows.filter(([type]) => type === 'pub')
  const fingerprint = rows.find(([type]) => type === 'fpr')?.[9]
  if (exitCode !== 0 || !fingerprint || primary.length === 0) throw noSigner('gpg finds no key in it')
  if (primary.length > 1) throw noSigner(`${primary.length} keys are in it; give one at a time`)
  if (primary[0]?.[1] === 'r') throw noSigner('the key was revoked')
  const user = rows.find(([type]) => type === 'uid')?.[9]
  return { kind: 'openpgp', fingerprint, name: name ?? printable(user ?? '') ?? fingerprint, key }
}

async function sshFingerprint(folder: string, line: string, wrong: () => TagshipError): Promise<string> {
  const { stdout, exitCode } = await withFile(folder, line, (path) =>
    run('ssh-keygen', ['-l', '-E', 'sha256', '-f', path]),
  )
  const fingerprint = /^\d+ (SHA256:\S+) /.exec(stdout)?.[1]
  if (exitCode !== 0 || !fingerprint) throw wrong()
  return fingerprint
}

async function withFile<T>(folder: string, content: string, use: (path: string) => Promise<T>): Promise<T> {
  const place = join(folder, scratchName())
  await mkdir(place, { recursive: true, mode: 0o700 })
  try {
    const path = join(place, 'key')
    await writeFile(path, content.endsWith('\n') ? content : `${content}\n`, { mode: 0o600 })
    return await use(path)
  } finally {
    await rm(place, { recursive: true, force: true })
  }
}

async function run(
  program: string,
  args: readonly string[],
  { input = '', env = {} }: { readonly input?: string; readonly env?: Readonly<Record<string, string>> } = {},
) {
  const result = await execa(program, [...args], {
    reject: false,
    input,
    env: { ...env, LC_ALL: 'C' },
    timeout: patienceMs,
    maxBuffer: 1024 * 1024,
  })
  const startError = result.exitCode === undefined && result.code ? result.code : null
  return { stdout: result.stdout, exitCode: result.exitCode ?? null, startError }
}

function printable(text: string): string | null {
  const clean = text
    .replace(/\p{Cc}/gu, '')
    .trim()
    .slice(0, 200)
  return clean === '' ? null : clean
}

function invalid(detail: string): TagshipError {
  return new TagshipError('credential.invalid', detail)
}

function noSigner(detail: string): TagshipError {
  return new TagshipError('signer.invalid', detail)
}
