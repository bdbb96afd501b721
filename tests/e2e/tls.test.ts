/** TLS for the dashboard and for apps, from certificates in a folder. */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { DoctorReport } from '@tagship/api'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeAuthority, makeCertificate, type TestAuthority, writeFiles } from '../support/certificates.ts'
import { freePort, type Installation, startInstallation } from '../support/installation.ts'
import { localBase, quickManifest, type SampleApp, sampleApp } from '../support/sample-app.ts'

const patience = { timeout: 20_000 }
let folder: string
let issuer: TestAuthority
let at: Installation
let shop: SampleApp
let ports: { api: number; apps: number }

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tagship-e2e-tls-'))
  issuer = await makeAuthority(join(folder, 'ca'))
  ports = { api: await freePort(), apps: await freePort() }
  await renew('ship.test')
  ;[at, shop] = await Promise.all([
    startInstallation({
      env: {
        TAGSHIP_CERTIFICATES: join(folder, 'certificates'),
        TAGSHIP_TLS_PORT: String(ports.api),
        TAGSHIP_HTTPS_PORT: String(ports.apps),
        TAGSHIP_PUBLIC_URL: `https://ship.test:${ports.api}`,
      },
    }),
    sampleApp(quickManifest),
  ])
})
afterAll(async () => {
  await at?.[Symbol.asyncDispose]()
  await shop?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

/** As certbot does: a folder for each host. */
async function renew(host: string, days?: number): Promise<void> {
  const { certificate, key } = await makeCertificate(join(folder, 'made'), {
    names: [host],
    issuer,
    ...(days === undefined ? {} : { days }),
  })
  const place = join(folder, 'certificates', host)
  await writeFiles({ [join(place, 'fullchain.pem')]: certificate, [join(place, 'privkey.pem')]: key })
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
  readonly serial: string
}

async function ask(
  host: string,
  port: number,
  path: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const asked = request({
    ...{ host: '127.0.0.1', port, path, servername: host, ca: issuer.certificate, agent: false },
    headers: { host: `${host}:${port}`, ...headers },
  })
  asked.end()
  const [socket] = await once(asked, 'socket')
  const [answer] = await once(asked, 'response')
  const serial = socket.getPeerCertificate().serialNumber
  return { status: answer.statusCode, headers: answer.headers, body: await text(answer), serial }
}

test('the dashboard and the API are served over TLS, and browsers come back over it only', async () => {
  const page = await ask('ship.test', ports.api, '/')
  expect(page).toMatchObject({
    status: 200,
    headers: { 'strict-transport-security': expect.stringContaining('max-age=') },
    body: expect.stringContaining('<title>Tagship'),
  })
  const authorization = `Bearer ${at.token}`
  const apps = await ask('ship.test', ports.api, '/api/v1/apps', { authorization })
  expect(apps.status).toBe(200)
  expect((await ask('ship.test', ports.api, '/api/v1/apps')).status).toBe(401)
  expect(await ask('ship.test', ports.api, '/api/v1/sign-in')).toMatchObject({ status: 200 })
  const { link } = await at.json<{ link: string }>(['login', '--setup-link'])
  expect(link).toMatch(`https://ship.test:${ports.api}/set-up#`)
})

test('an app gets its certificate within seconds, without a restart of anything', async () => {
  await at.json(['app', 'add', 'shop', '--host', 'shop.test', '--build-arg', await localBase()])
  await shop.version('1.0.0')
  expect(await at.push('shop', shop, 'v1.0.0')).toMatchObject({ exitCode: 0 })
  expect(await at.fetch('shop.test', '/version')).toMatchObject({ status: 200 })
  await renew('shop.test')
  const serial = () =>
    ask('shop.test', ports.apps, '/version').then(
      (answer) => answer.serial,
      () => null,
    )
  await expect.poll(serial, patience).not.toBeNull()
  const first = await serial()
  expect((await at.client.getApp({ params: { app: 'shop' } })).urls).toContain(
    `https://shop.test:${ports.apps}`,
  )
  expect(await ask('shop.test', ports.apps, '/version')).toMatchObject({ status: 200, body: '1.0.0\n' })
  expect(await at.fetch('shop.test', '/version')).toMatchObject({ status: 308 })

  await renew('shop.test')
  await expect.poll(serial, patience).not.toBe(first)
  await shop.version('1.1.0')
  expect(await at.push('shop', shop, 'v1.1.0')).toMatchObject({ exitCode: 0 })
  expect(await ask('shop.test', ports.apps, '/version')).toMatchObject({ status: 200, body: '1.1.0\n' })
})

test('a certificate that ends soon is told', async () => {
  await renew('soon.test', 3)
  const soon = async () => {
    const { certificates } = await at.client.readSystem()
    return certificates?.items.filter(({ endsSoon }) => endsSoon).map(({ names }) => names.join()) ?? []
  }
  await expect.poll(soon, patience).toEqual(['soon.test'])
  expect((await at.tagship('doctor')).stdout).toContain('that of soon.test ends on')
  await rm(join(folder, 'certificates/soon.test'), { recursive: true })
})

test('what cannot be used is said, and what works goes on', async () => {
  const before = await ask('shop.test', ports.apps, '/version')
  await writeFiles({ [join(folder, 'certificates/shop.test/privkey.pem')]: 'half of a k' })
  const problems = async () => {
    const { certificates } = await at.client.readSystem()
    return certificates?.problems.map(({ problem }) => problem).join() ?? ''
  }
  await expect.poll(problems, patience).toContain('no private key')
  expect((await ask('shop.test', ports.apps, '/version')).serial).toBe(before.serial)
  const { stdout } = await at.tagship('doctor', '--json')
  const finding = (JSON.parse(stdout) as DoctorReport).find(({ name }) => name === 'certificates')
  expect(finding).toMatchObject({ ok: false, detail: expect.stringContaining('no private key') })
})

test('a folder that is not there is refused at the start', async () => {
  await at.tagship('down', '--data', at.data)
  const started = await at.up({ TAGSHIP_CERTIFICATES: join(folder, 'missing') })
  expect(started).toMatchObject({ exitCode: 2, stdout: expect.stringContaining('TAGSHIP_CERTIFICATES') })
  expect(started.stdout).toContain('no such file or directory')
})
