/** Apps over TLS: certificates come, are renewed and go while requests are served. */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type TLSSocket } from 'node:tls'
import { parseHostName } from '@tagship/domain'
import { type Certificate, readCertificates } from '@tagship/kit'
import { makeAuthority, makeCertificate, type TestAuthority, writeFiles } from '@tagship/tests/certificates'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { socketsOf } from '../src/haproxy/folder.ts'
import { askSocket } from '../src/haproxy/socket.ts'
import { createHaproxyRouter } from '../src/index.ts'
import { get } from './support/get.ts'
import { freePort, openSetting, shop, shopHost, until } from './support/setting.ts'

const httpsPort = await freePort()
const setting = await openSetting({ https: { port: httpsPort, redirectPort: httpsPort } })
const { router, url, scope, containerName } = setting
const deepHost = parseHostName('a.wild.test')
/** Tells its version, and else what reached it. */
const app = createServer(({ url: path, headers }, response) =>
  response.end(path === '/version' ? '1' : JSON.stringify(headers)),
).listen(0, '127.0.0.2')
let folder: string
let issuer: TestAuthority

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tagship-tls-'))
  issuer = await makeAuthority(join(folder, 'ca'))
  await router.ensure()
  const { port } = app.address() as AddressInfo
  await router.setHosts(1, shop, [shopHost, deepHost])
  await router.fillSlot({ seat: 1, slot: 'blue' }, [{ name: 'shop-1', address: '127.0.0.2', port }], 1n)
  const nowhere = { app: shop, hosts: [shopHost, deepHost], live: null }
  await router.switchTo({ seat: 1, slot: 'blue' }, 1n, nowhere)
})
afterAll(async () => {
  app.closeAllConnections()
  app.close()
  await rm(folder, { recursive: true, force: true })
})

let made = 0
async function certificateOf(...names: string[]): Promise<Certificate> {
  made += 1
  const { certificate, key } = await makeCertificate(join(folder, 'made'), { names, issuer })
  const place = join(folder, String(made))
  await writeFiles({ [join(place, 'both.pem')]: certificate + key })
  const [only] = (await readCertificates(place)).certificates
  return only ?? expect.fail('there is no certificate')
}

/** What TLS says where a name has none (RFC 6066: unrecognized_name). */
const noCertificate = /unrecognized name|handshake failure/

async function handshake(servername: string, port = httpsPort): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, servername, ca: issuer.certificate })
  await once(socket, 'secureConnect')
  return socket
}

async function fingerprintFor(host: string, port = httpsPort): Promise<string> {
  const socket = await handshake(host, port)
  const { fingerprint } = socket.getPeerCertificate()
  socket.destroy()
  return fingerprint.replaceAll(':', '')
}

async function getSecurely(host: string, path: string) {
  const asked = request({
    ...{ host: '127.0.0.1', port: httpsPort, path, servername: host, ca: issuer.certificate, agent: false },
    headers: { host },
  })
  asked.end()
  const [answer] = await once(asked, 'response')
  return { status: answer.statusCode, body: await text(answer) }
}

describe('certificates', () => {
  test('are none at the start, and then nobody is served over TLS', async () => {
    await router.setCertificates([])
    await expect(handshake(shopHost)).rejects.toThrow(noCertificate)
    expect((await get(`${url}/version`, { host: shopHost })).body.trim()).toBe('1')
  })

  test('serve their hosts from then on, with the app told so', async () => {
    const [one, wild] = [await certificateOf(shopHost), await certificateOf('*.wild.test')]
    await router.setCertificates([one, wild])
    expect(await fingerprintFor(shopHost)).toBe(one.fingerprint)
    expect(await fingerprintFor(deepHost)).toBe(wild.fingerprint)
    const headers = await getSecurely(shopHost, '/headers')
    expect(JSON.parse(headers.body)).toMatchObject({ 'x-forwarded-proto': 'https' })
    await expect(handshake('other.test')).rejects.toThrow(noCertificate)
  })

  test('are served over HTTP/2, too', async () => {
    const session = connectHttp2(`https://${shopHost}:${httpsPort}`, {
      createConnection: () =>
        connect({
          ...{ host: '127.0.0.1', port: httpsPort, servername: shopHost, ca: issuer.certificate },
          ALPNProtocols: ['h2'],
        }),
    })
    const stream = session.request({ ':path': '/version' })
    const [headers] = await once(stream, 'response')
    expect(headers[':status']).toBe(200)
    expect((await text(stream)).trim()).toBe('1')
    session.close()
  })

  test('are renewed under traffic: no request fails, and connections that are there go on', async () => {
    const before = await certificateOf(shopHost)
    await router.setCertificates([before])
    const kept = await handshake(shopHost)
    const stop = new AbortController()
    let asked = 0
    const traffic = (async () => {
      while (!stop.signal.aborted) {
        expect((await getSecurely(shopHost, '/version')).status).toBe(200)
        asked += 1
      }
    })()
    const pid = await workerPid()
    let last = before
    for (let round = 0; round < 10; round += 1) {
      last = await certificateOf(shopHost)
      await router.setCertificates([last])
      expect(await fingerprintFor(shopHost)).toBe(last.fingerprint)
      await sleep(20)
    }
    stop.abort()
    await traffic
    expect(asked).toBeGreaterThan(20)
    expect(await workerPid()).toBe(pid)
    kept.write(`GET /version HTTP/1.1\r\nHost: ${shopHost}\r\nConnection: close\r\n\r\n`)
    expect(await text(kept)).toContain('200 OK')
  })

  test('are there again after the router was killed, with no controller to tell it', async () => {
    const one = await certificateOf(shopHost)
    await router.setCertificates([one])
    await scope.docker.getContainer(containerName).restart({ t: 0 })
    await until('it serves over TLS again', () =>
      fingerprintFor(shopHost).then(
        (fingerprint) => fingerprint === one.fingerprint,
        () => false,
      ),
    )
  })

  test('go when they are taken away, and what was left half done is put right', async () => {
    const [shopOnly, wild] = [await certificateOf(shopHost), await certificateOf('*.wild.test')]
    await router.setCertificates([shopOnly, wild])
    await router.setCertificates([wild])
    await expect(handshake(shopHost)).rejects.toThrow(noCertificate)
    expect(await fingerprintFor(deepHost)).toBe(wild.fingerprint)
    await router.setCertificates([wild])
    await router.setCertificates([shopOnly, wild])
    expect(await fingerprintFor(shopHost)).toBe(shopOnly.fingerprint)
  })
})

describe('who comes without TLS', () => {
  test('is led to it where there is a certificate, with path and query, and nowhere else', async () => {
    await router.setCertificates([await certificateOf('*.wild.test')])
    const led = await get(`${url}/a/b?c=d`, { host: deepHost }, { method: 'POST' })
    expect(led).toMatchObject({
      status: 308,
      headers: { location: `https://${deepHost}:${httpsPort}/a/b?c=d` },
    })
    expect(await get(`${url}/version`, { host: shopHost })).toMatchObject({ status: 200 })
    await router.setCertificates([])
    expect(await get(`${url}/version`, { host: deepHost })).toMatchObject({ status: 200 })
  })

  test('is served where the host is proved to be one’s own, and where the controller asks', async () => {
    await router.setCertificates([await certificateOf(shopHost)])
    const challenge = await get(`${url}/.well-known/acme-challenge/token`, { host: shopHost })
    expect(challenge.status).not.toBe(308)
    expect(await router.askThrough(shopHost, '/version')).toEqual({ instance: 'shop-1', status: 200 })
  })
})

describe('a router that leads nobody to TLS', () => {
  test('serves hosts with a certificate both ways', async () => {
    const https = { port: await freePort(), redirectPort: null }
    const folder = await mkdtemp(join(tmpdir(), 'tagship-plain-'))
    const bind = { address: '127.0.0.1', port: await freePort() }
    const installation = `${setting.options.installation}-plain`
    const plain = createHaproxyRouter({ ...setting.options, installation, folder, bind, https })
    try {
      await plain.ensure()
      await plain.restore(async () => [])
      const one = await certificateOf(shopHost)
      await plain.setCertificates([one])
      await plain.setCertificates([one])
      expect(await fingerprintFor(shopHost, https.port)).toBe(one.fingerprint)
      const page = await get(`http://127.0.0.1:${bind.port}/`, { host: shopHost })
      expect(page.status).toBe(404)
    } finally {
      await plain.stop()
      await rm(folder, { recursive: true, force: true })
    }
  })
})

/** Another one after a reload. */
async function workerPid(): Promise<string> {
  const info = await askSocket(socketsOf(setting.options.folder).cli, 'show info')
  return /^Pid: (\d+)$/m.exec(info)?.[1] ?? expect.fail('the router does not say its pid')
}
