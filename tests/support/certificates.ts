/** Certificates of a test's own, made by openssl. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { runCommand } from '@tagship/kit'

export interface CertificateRequest {
  readonly names: readonly string[]
  /** Days from now on; 30 unless told. */
  readonly days?: number
  /** Whose signature it bears; its own unless told. */
  readonly issuer?: TestAuthority
}

export interface TestAuthority {
  /** PEM. */
  readonly certificate: string
  readonly folder: string
}

/** @returns PEM of both, the certificate followed by its issuer's. */
export async function makeCertificate(
  folder: string,
  { names, days = 30, issuer }: CertificateRequest,
): Promise<{ readonly certificate: string; readonly key: string }> {
  const signed = issuer && [
    ...['-CA', join(issuer.folder, 'ca.crt'), '-CAkey', join(issuer.folder, 'ca.key')],
    ...['-addext', 'basicConstraints=CA:FALSE'],
  ]
  const made = await issue(folder, 'made', [
    ...['-days', `${days}`, '-subj', `/CN=${names[0]}`],
    ...['-addext', `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`],
    ...(signed ?? []),
  ])
  return { ...made, certificate: `${made.certificate}${issuer?.certificate ?? ''}` }
}

/** Who signs the certificates of a test. */
export async function makeAuthority(folder: string): Promise<TestAuthority> {
  const { certificate } = await issue(folder, 'ca', ['-days', '30', '-subj', '/CN=Test authority'])
  return { folder, certificate }
}

/** One file after the other, as most programs write them. */
export async function writeFiles(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text)
  }
}

/** A new key, `NAME.key`, and a certificate for it, `NAME.crt`. */
async function issue(folder: string, name: string, args: readonly string[]) {
  await mkdir(folder, { recursive: true })
  const [key, certificate] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)]
  const { exitCode, stderr, startError } = await runCommand('openssl', [
    ...['req', '-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
    ...['-keyout', key, '-out', certificate, ...args],
  ])
  if (exitCode !== 0) throw new Error(`openssl: ${startError ?? stderr}`)
  return { certificate: await readFile(certificate, 'utf8'), key: await readFile(key, 'utf8') }
}
