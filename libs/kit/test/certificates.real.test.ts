import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeAuthority, makeCertificate, type TestAuthority, writeFiles } from '@tagship/tests/certificates'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { certificateFor, readCertificates } from '../src/index.ts'

let made: string
let issuer: TestAuthority
beforeAll(async () => {
  made = await mkdtemp(join(tmpdir(), 'tagship-made-'))
  issuer = await makeAuthority(join(made, 'ca'))
})
afterAll(() => rm(made, { recursive: true, force: true }))

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tagship-certificates-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

const make = (...names: string[]) => makeCertificate(made, { names, issuer })
const namesIn = async (folder: string) =>
  (await readCertificates(folder)).certificates.map(({ names }) => names.join(' '))

it('finds what certbot leaves, what a cluster mounts, and what people put there', async () => {
  const folder = await emptyFolder()
  const shop = await make('shop.test', 'www.shop.test')
  const [own = ''] = shop.certificate.split(/(?<=END CERTIFICATE-----\n)/)
  const blog = await make('blog.test')
  const wiki = await make('wiki.test')
  const alone = await makeCertificate(made, { names: ['alone.test'] })
  await writeFiles({
    [join(folder, 'shop.test/cert.pem')]: own,
    [join(folder, 'shop.test/chain.pem')]: issuer.certificate,
    [join(folder, 'shop.test/fullchain.pem')]: shop.certificate,
    [join(folder, 'shop.test/privkey.pem')]: shop.key,
    [join(folder, 'shop.test/README')]: 'This directory contains your keys and certificates.',
    [join(folder, 'blog/..2026/tls.crt')]: blog.certificate,
    [join(folder, 'blog/..2026/tls.key')]: blog.key,
    [join(folder, 'wiki.pem')]: wiki.key + wiki.certificate,
    [join(folder, 'alone.crt')]: alone.certificate,
    [join(folder, 'whatever.name')]: alone.key,
  })
  for (const name of ['tls.crt', 'tls.key']) await symlink(join('..2026', name), join(folder, 'blog', name))
  const { certificates, problems } = await readCertificates(folder)
  expect(problems).toEqual([])
  expect(certificates.map(({ names }) => names)).toEqual([
    ['alone.test'],
    ['blog.test'],
    ['shop.test', 'www.shop.test'],
    ['wiki.test'],
  ])
  expect(certificates[2]).toMatchObject({
    path: join(folder, 'shop.test/fullchain.pem'),
    chain: shop.certificate,
    fingerprint: expect.stringMatching(/^[0-9A-F]{40}$/),
  })
})

it('says what cannot be used, and why', async () => {
  const folder = await emptyFolder()
  const shop = await make('shop.test')
  const blog = await make('blog.test')
  await writeFiles({
    [join(folder, 'shop.crt')]: shop.certificate,
    [join(folder, 'blog.crt')]: blog.certificate.replace(/[A-Za-z]{20}\n/, '\n'),
    [join(folder, 'blog.key')]: blog.key.replace(/[A-Za-z0-9+/]{20}\n/, '\n'),
  })
  expect(await readCertificates(folder)).toEqual({
    certificates: [],
    problems: [
      { path: join(folder, 'blog.crt'), problem: expect.any(String) },
      { path: join(folder, 'blog.key'), problem: expect.stringContaining('passphrase') },
      { path: join(folder, 'shop.crt'), problem: `no private key in ${folder} fits it` },
    ],
  })
  await expect(readCertificates(join(folder, 'missing'))).rejects.toThrow('ENOENT')
})

it('takes the one that lasts longest for the same names', async () => {
  const folder = await emptyFolder()
  const old = await makeCertificate(made, { names: ['shop.test'], days: 3 })
  const renewed = await makeCertificate(made, { names: ['shop.test'], days: 90 })
  await writeFiles({
    [join(folder, 'a.pem')]: renewed.certificate + renewed.key,
    [join(folder, 'b.pem')]: old.certificate + old.key,
  })
  const { certificates } = await readCertificates(folder)
  expect(certificates.map(({ path }) => path)).toEqual([join(folder, 'a.pem')])
})

it('chooses a certificate for just this host before one for its domain', async () => {
  const folder = await emptyFolder()
  for (const name of ['*.shop.test', 'www.shop.test']) {
    const { certificate, key } = await make(name)
    await writeFiles({ [join(folder, `${name}.pem`)]: certificate + key })
  }
  expect(await namesIn(folder)).toEqual(['*.shop.test', 'www.shop.test'])
  const { certificates } = await readCertificates(folder)
  const chosen = (host: string) => certificateFor(certificates, host)?.names[0] ?? null
  expect(chosen('www.shop.test')).toBe('www.shop.test')
  expect(chosen('api.shop.test')).toBe('*.shop.test')
  expect(chosen('shop.test')).toBeNull()
  expect(chosen('a.api.shop.test')).toBeNull()
})
