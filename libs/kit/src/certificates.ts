/** Certificates with their keys, as whoever renews them leaves them in a folder: certbot, a mounted secret, a person. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'

export interface Certificate {
  /** The file that it was read from. */
  readonly path: string
  /** What it is for, in small letters: `shop.example.com`, `*.example.com`. */
  readonly names: readonly string[]
  readonly notAfter: Date
  /** SHA-1, in capital hexadecimal digits: by this name HAProxy knows it. */
  readonly fingerprint: string
  /** PEM: the certificate, then those that lead to its issuer. */
  readonly chain: string
  /** PEM, PKCS #8. */
  readonly key: string
}

export interface CertificateFolder {
  /** One for each set of names, in the order of their names. */
  readonly certificates: readonly Certificate[]
  readonly problems: readonly { readonly path: string; readonly problem: string }[]
}

const largestFile = 256 * 1024
const block = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]+?-----END \1-----/g

/**
 * Reads the files of the folder and of the folders in it. Their names do not matter: a certificate and its key find each
 * other by fitting together, in the same folder. Of several for the same names, the one that lasts longest counts.
 * @throws where the folder itself cannot be read
 */
export async function readCertificates(folder: string): Promise<CertificateFolder> {
  const entries = (await readdir(folder)).filter(isVisible).toSorted()
  const kinds = await Promise.all(entries.map((name) => kindOf(join(folder, name))))
  const folders = [
    folder,
    ...entries.filter((_, index) => kinds[index] === 'folder').map((name) => join(folder, name)),
  ]
  const found = await Promise.all(folders.map(readGroup))
  return {
    certificates: lastingLongest(found.flatMap(({ certificates }) => certificates)),
    problems: found.flatMap(({ problems }) => problems),
  }
}

/** The one that a host name is served with; a certificate for just this name before one for a whole domain. */
export function certificateFor(certificates: readonly Certificate[], host: string): Certificate | null {
  const wildcard = host.replace(/^[^.]+/, '*')
  const having = (name: string) => certificates.find(({ names }) => names.includes(name))
  return having(host) ?? having(wildcard) ?? null
}

/** Those who renew by themselves do so a month before. */
const renewBeforeMs = 14 * 24 * 3_600_000

/** Whether somebody should see to it by now. */
export function endsSoon({ notAfter }: Certificate): boolean {
  return notAfter.getTime() < Date.now() + renewBeforeMs
}

interface Parsed {
  readonly path: string
  readonly chain: readonly X509Certificate[]
  readonly keys: readonly KeyObject[]
}

/** What stands in one folder, without the folders in it. */
async function readGroup(folder: string): Promise<CertificateFolder> {
  const names = (await readdir(folder).catch(() => [])).filter(isVisible).toSorted()
  const problems: { path: string; problem: string }[] = []
  const parsed: Parsed[] = []
  for (const path of names.map((name) => join(folder, name))) {
    try {
      if ((await kindOf(path)) === 'file') parsed.push(parse(path, await readFile(path, 'utf8')))
    } catch (error) {
      problems.push({ path, problem: error instanceof Error ? error.message : String(error) })
    }
  }
  const keys = parsed.flatMap((file) => file.keys)
  const certificates = parsed.flatMap(({ path, chain }) => {
    const [leaf] = chain
    if (!leaf) return []
    const key = keys.find((candidate) => leaf.checkPrivateKey(candidate))
    // A file with nothing but the issuer's certificate is no problem: certbot leaves one.
    if (!key && leaf.ca) return []
    const problem = key ? problemOf(leaf) : `no private key in ${folder} fits it`
    if (problem) problems.push({ path, problem })
    return key && !isEarly(leaf) ? [certificateOf(path, chain, leaf, key)] : []
  })
  return { certificates, problems }
}

function parse(path: string, text: string): Parsed {
  const blocks = [...text.matchAll(block)]
  const those = (type: RegExp) => blocks.filter(([, name = '']) => type.test(name)).map(([pem]) => pem)
  return {
    path,
    chain: those(/^(TRUSTED )?CERTIFICATE$/).map((pem) => new X509Certificate(pem)),
    keys: those(/PRIVATE KEY$/).map(readKey),
  }
}

function readKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (cause) {
    throw new Error('its private key cannot be read; is it kept with a passphrase?', { cause })
  }
}

function certificateOf(
  path: string,
  chain: readonly X509Certificate[],
  leaf: X509Certificate,
  key: KeyObject,
): Certificate {
  return {
    path,
    names: namesOf(leaf),
    notAfter: new Date(leaf.validTo),
    fingerprint: leaf.fingerprint.replaceAll(':', ''),
    chain: chain.map((one) => one.toString()).join(''),
    key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

function namesOf({ subjectAltName, subject }: X509Certificate): string[] {
  const alternatives = [...(subjectAltName ?? '').matchAll(/DNS:([A-Za-z0-9.*_-]+)/g)].map(
    ([, name = '']) => name,
  )
  const common = /^CN=([A-Za-z0-9.*_-]+)$/m.exec(subject)?.[1] ?? ''
  const names = alternatives.length > 0 ? alternatives : [common]
  return [...new Set(names.map((name) => name.toLowerCase()))].filter((name) => name !== '').toSorted()
}

function problemOf(leaf: X509Certificate): string | null {
  if (isEarly(leaf)) return `it begins on ${leaf.validFrom}`
  if (new Date(leaf.validTo) < new Date()) return `it ended on ${leaf.validTo}`
  return namesOf(leaf).length === 0 ? 'it names no host' : null
}

function isEarly({ validFrom }: X509Certificate): boolean {
  return new Date(validFrom) > new Date()
}

function lastingLongest(certificates: readonly Certificate[]): Certificate[] {
  const byNames = new Map<string, Certificate>()
  for (const one of certificates) {
    if (one.names.length === 0) continue
    const names = one.names.join(' ')
    const other = byNames.get(names)
    if (!other || isBetter(one, other)) byNames.set(names, one)
  }
  return [...byNames.keys()].toSorted().flatMap((names) => byNames.get(names) ?? [])
}

/** certbot leaves the same certificate twice: alone, and with those that lead to its issuer. */
function isBetter(one: Certificate, other: Certificate): boolean {
  if (one.notAfter.getTime() !== other.notAfter.getTime()) return one.notAfter > other.notAfter
  return one.chain.length > other.chain.length
}

async function kindOf(path: string): Promise<'file' | 'folder' | null> {
  const found = await stat(path).catch(() => null)
  if (found?.isDirectory()) return 'folder'
  return found?.isFile() && found.size <= largestFile ? 'file' : null
}

/** A mounted secret keeps its versions in hidden folders. */
function isVisible(name: string): boolean {
  return !name.startsWith('.')
}
