/** The certificates that the router has, at run time and on disk, so that it has them again after a restart. */
import { createHash } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { TagshipError } from '@tagship/domain'
import type { Certificate } from '@tagship/kit'
import { certificateList, certificateNames, certificatesPoint } from './config.ts'
import { certificatesOf, writeWhere } from './folder.ts'
import { askSocket } from './socket.ts'

/** By the path at which the container sees it: the same names are the same certificate, however often it is renewed. */
type ByPath = ReadonlyMap<string, Certificate>

/**
 * What runs comes first: what the router has taken it can start with, too. New connections get the new certificate,
 * those that are there go on. Each step may be done again, by whoever comes next.
 */
export async function applyCertificates(
  socketPath: string,
  folder: string,
  certificates: readonly Certificate[],
): Promise<void> {
  const wanted: ByPath = new Map(certificates.map((certificate) => [pathOf(certificate), certificate]))
  const present = await presentCertificates(socketPath)
  for (const [path, certificate] of wanted) {
    const fingerprint = present.get(path)
    if (fingerprint === certificate.fingerprint) continue
    if (fingerprint === undefined)
      await expect(socketPath, `new ssl cert ${path}`, /^New empty certificate store/)
    await putCertificate(socketPath, path, certificate)
    if (!fingerprint) await expect(socketPath, `add ssl crt-list ${certificateList} ${path}`, /Success!$/)
  }
  const gone = [...present.keys()].filter((path) => !wanted.has(path))
  for (const path of gone) await removeCertificate(socketPath, path)
  await setNames(socketPath, namesOf(certificates))
  await writeFiles(certificatesOf(folder), wanted)
}

function pathOf({ names }: Certificate): string {
  const id = createHash('sha256').update(names.join(' ')).digest('hex').slice(0, 16)
  return `${certificatesPoint}/${id}.pem`
}

/** Fingerprints by path; empty where a controller has died before it gave the certificate its content. */
async function presentCertificates(socketPath: string): Promise<Map<string, string>> {
  const list = await askSocket(socketPath, 'show ssl cert')
  const paths = list.split('\n').filter((line) => line.startsWith(`${certificatesPoint}/`))
  if (paths.length === 0) return new Map()
  const answer = await askSocket(socketPath, paths.map((path) => `show ssl cert ${path}`).join('; '))
  const fingerprints = [...answer.matchAll(/^Filename: (\S+)$|^SHA1 FingerPrint: ([0-9A-F]+)$/gm)]
  const found = new Map(paths.map((path) => [path, '']))
  let current = ''
  for (const [, path, fingerprint] of fingerprints) {
    if (path) current = path
    else if (fingerprint) found.set(current, fingerprint)
  }
  return found
}

/** What another controller has begun and not ended would be in the way. */
async function putCertificate(socketPath: string, path: string, certificate: Certificate): Promise<void> {
  const payload = `${certificate.chain}${certificate.key}`.replace(/\n+/g, '\n')
  await askSocket(socketPath, `abort ssl cert ${path}`)
  await expect(
    socketPath,
    `set ssl cert ${path} <<\n${payload}`,
    /^Transaction (created|updated) for certificate/,
  )
  await expect(socketPath, `commit ssl cert ${path}`, /Success!$/)
}

async function removeCertificate(socketPath: string, path: string): Promise<void> {
  await expect(
    socketPath,
    `del ssl crt-list ${certificateList} ${path}`,
    /deleted in crtlist|^Can't .*not found/,
  )
  await expect(socketPath, `del ssl cert ${path}`, /deleted!$/)
}

function namesOf(certificates: readonly Certificate[]): string[] {
  return [...new Set(certificates.flatMap(({ names }) => names))].toSorted()
}

/** All of the names at once: no request sees half of them. */
async function setNames(socketPath: string, names: readonly string[]): Promise<void> {
  const shown = await askSocket(socketPath, `show map ${certificateNames}`)
  const present = [...shown.matchAll(/^0x\S+ (\S+) /gm)].map(([, name]) => name).toSorted()
  // Without redirects no rule has such a map.
  if (/^Unknown map/.test(shown) || present.join(' ') === names.join(' ')) return
  const [, version] =
    /New version created: (\d+)/.exec(await askSocket(socketPath, `prepare map ${certificateNames}`)) ?? []
  for (const name of names)
    await expect(socketPath, `add map @${version} ${certificateNames} ${name} 1`, /^$/)
  await expect(socketPath, `commit map @${version} ${certificateNames}`, /^$/)
}

async function writeFiles(folder: string, wanted: ByPath): Promise<void> {
  const nameOf = (path: string) => path.slice(certificatesPoint.length + 1)
  for (const [path, { chain, key }] of wanted) await writeWhere(join(folder, nameOf(path)), `${chain}${key}`)
  await writeWhere(join(folder, 'list'), [...wanted.keys()].map((path) => `${path}\n`).join(''))
  const names = namesOf([...wanted.values()])
  await writeWhere(join(folder, 'names.map'), names.map((name) => `${name} 1\n`).join(''))
  const known = new Set([...wanted.keys()].map(nameOf))
  const left = (await readdir(folder)).filter((name) => name.endsWith('.pem') && !known.has(name))
  await Promise.all(left.map((name) => rm(join(folder, name), { force: true })))
}

async function expect(socketPath: string, line: string, answer: RegExp): Promise<void> {
  const said = await askSocket(socketPath, line)
  const [command] = line.split('\n')
  if (!answer.test(said)) throw new TagshipError('router.refused', `${command}: ${said}`)
}
