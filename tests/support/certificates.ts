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
  await mkdir(folder, { recursive: true })
  const [key, certificate] = [join(folder, 'made.key'), join(folder, 'made.crt')]
  const alternatives = `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`
  const signed = issuer
    ? [
        '-CA',
        join(issuer.folder, 'ca.crt'),
        '-CAkey',
        join(issuer.folder, 'ca.key'),
        '-addext',
        'basicConstraints=CA:FALSE',
      ]
    : []
  await openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    key,
    '-out',
    certificate,
    '-days',
    String(days),
    ...signed,
    '-subj',
    `/CN=${names[0]}`,
    '-addext',
    alternatives,
  )
  const own = await readFile(certificate, 'utf8')
  return { certificate: `${own}${issuer?.certificate ?? ''}`, key: await readFile(key, 'utf8') }
}

/** Who signs the certificates of a test. */
export async function makeAuthority(folder: string): Promise<TestAuthority> {
  await mkdir(folder, { recursive: true })
  const [key, certificate] = [join(folder, 'ca.key'), join(folder, 'ca.crt')]
  await openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    key,
    '-out',
    certificate,
    '-days',
    '30',
    '-subj',
    '/CN=Test authority',
  )
  return { folder, certificate: await readFile(certificate, 'utf8') }
}

/** One file after the other, as most programs write them. */
export async function writeFiles(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text)
  }
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'] as const

async function openssl(...args: string[]): Promise<void> {
  const { exitCode, stderr, startError } = await runCommand('openssl', args)
  if (exitCode !== 0) throw new Error(`openssl: ${startError ?? stderr}`)
}
