import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AppJson, ConfigChangeJson, DeploymentJson, EnvListJson, SecretListJson } from '@tagship/api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type CommandOutcome,
  type Installation,
  launcher,
  startInstallation,
} from '../support/installation.ts'
import { localBase, quickManifest, type SampleApp, sampleApp } from '../support/sample-app.ts'

/** Says what is in its environment, and refuses to start where it is told to. */
const server = `
import { createServer } from 'node:http'
if (process.env.BROKEN === 'yes') { console.error('BROKEN is yes'); process.exit(3) }
createServer((request, response) => {
  const name = request.url.slice(1)
  response.end(request.url === '/healthz' ? 'ok' : JSON.stringify(process.env[name] ?? null))
}).listen(Number(process.env.PORT))
process.on('SIGTERM', () => process.exit(0))
`

/** Nothing of it may be found where nobody has to know it. */
const password = 'hunter2-of-the-e2e-test'

describe('config of an app', () => {
  let at: Installation
  let shop: SampleApp
  const host = 'shop.localhost'

  beforeAll(async () => {
    at = await startInstallation()
    shop = await sampleApp()
    await at.json(['app', 'add', 'shop', '--host', host, '--build-arg', await localBase()])
  })
  afterAll(async () => {
    await shop?.[Symbol.asyncDispose]()
    await at?.[Symbol.asyncDispose]()
  })

  const seen = async (name: string): Promise<unknown> => JSON.parse((await at.fetch(host, `/${name}`)).text)
  const app = () => at.json<AppJson>(['app', 'show', 'shop'])
  const deployments = () => at.json<DeploymentJson[]>(['deployments', 'shop'])

  /** Types the command, with the text on stdin. */
  function pipe(text: string, ...args: string[]): Promise<CommandOutcome> {
    const child = spawn(launcher, args, { env: { ...process.env, ...at.env } })
    const outcome = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (chunk: string) => {
        outcome[name] += chunk
      })
    }
    child.stdin.end(text)
    return new Promise((resolve) => child.once('close', (exitCode) => resolve({ exitCode, ...outcome })))
  }

  async function restartWith(env: Readonly<Record<string, string>>): Promise<CommandOutcome> {
    expect((await at.tagship('down', '--data', at.data)).exitCode).toBe(0)
    const started = await at.up(env)
    expect(started.exitCode, started.stderr).toBe(0)
    return started
  }

  it('is stored before anything is live, and the first release has it', async () => {
    const outcome = await at.json<ConfigChangeJson>([
      'env',
      'set',
      'shop',
      'GREETING=hello',
      'EQUATION=a=b c',
    ])
    expect(outcome).toEqual({ changed: ['GREETING', 'EQUATION'], effect: 'stored', deployment: null })
    await shop.version('1.0.0', { 'server.js': server })
    expect(await at.push('shop', shop, 'main', 'v1.0.0')).toMatchObject({ exitCode: 0 })
    expect([await seen('GREETING'), await seen('EQUATION')]).toEqual(['hello', 'a=b c'])
    expect((await app()).live).toMatchObject({ release: 'v1', revision: 1 })
  })

  it('changed, becomes a new release of the same image, without a build', async () => {
    const outcome = await at.json<ConfigChangeJson>([
      'env',
      'set',
      'shop',
      'GREETING=good evening',
      'LOCALE=en',
      '--reason',
      'it is late',
      '--wait=live',
    ])
    expect(outcome).toMatchObject({
      changed: ['GREETING', 'LOCALE'],
      effect: 'deploys',
      deployment: { release: 'v2', tag: 'v1.0.0', revision: 2, trigger: 'config', reason: 'it is late' },
    })
    expect([await seen('GREETING'), await seen('LOCALE')]).toEqual(['good evening', 'en'])
    const [second, first] = await deployments()
    expect(second?.imageDigest).toBe(first?.imageDigest)
    expect((await at.tagship('status', 'shop')).stdout).toMatch(/revision +2/)
  })

  it('that is so already makes nothing, and says so', async () => {
    const again = await at.tagship('env', 'set', 'shop', 'LOCALE=en')
    expect(again).toMatchObject({ exitCode: 0 })
    expect(again.stdout).toContain('nothing to change')
    expect((await at.tagship('env', 'unset', 'shop', 'NEVER')).stdout).toContain('nothing to change')
    expect(await deployments()).toHaveLength(2)
  })

  it('has secrets, whose value comes on stdin and reaches the instances alone', async () => {
    const set = await pipe(`${password}\n`, 'secret', 'set', 'shop', 'PASSWORD')
    expect(set, set.stderr).toMatchObject({ exitCode: 0 })
    expect(await seen('PASSWORD')).toBe(password)
    const certificate = join(at.data, '..', 'certificate.pem')
    await writeFile(certificate, 'line one\nline two\n')
    const fromFile = await at.tagship(
      'secret',
      'set',
      'shop',
      'CERT',
      '--from-file',
      certificate,
      '--wait=live',
    )
    expect(fromFile, fromFile.stderr).toMatchObject({ exitCode: 0 })
    expect(await seen('CERT')).toBe('line one\nline two\n')

    const { items } = await at.json<SecretListJson>(['secret', 'list', 'shop'])
    expect(items).toMatchObject([
      { name: 'CERT', version: 1, liveVersion: 1, setBy: 'admin' },
      { name: 'PASSWORD', version: 1, liveVersion: 1, setBy: 'admin' },
    ])
  })

  it('is held by a rollback to what it was then, and shows what is set but not live', async () => {
    await at.json(['env', 'set', 'shop', 'GREETING=good night', '--no-deploy'])
    await pipe('second-version', 'secret', 'set', 'shop', 'PASSWORD', '--wait=live')
    expect([await seen('GREETING'), await seen('PASSWORD')]).toEqual(['good night', 'second-version'])

    await at.json(['rollback', 'shop'])
    expect([await seen('GREETING'), await seen('PASSWORD')]).toEqual(['good evening', password])
    const { hold, configNotLive } = await app()
    expect(hold).not.toBeNull()
    expect(configNotLive).toEqual(['GREETING', 'PASSWORD'])
    const list = await at.tagship('env', 'list', 'shop')
    expect(list.stdout).toMatch(/GREETING +good night +no: good evening/)
    expect(list.stderr).toContain('GREETING, PASSWORD')
    const status = await at.tagship('status', 'shop')
    expect(status.stdout).toMatch(/not live +GREETING, PASSWORD/)
  })

  it('is changed by hand also while the app is on hold, which stays', async () => {
    await at.json(['env', 'set', 'shop', 'LOCALE=de', '--wait=live'])
    expect([await seen('LOCALE'), await seen('GREETING')]).toEqual(['de', 'good night'])
    const { hold, configNotLive } = await app()
    expect(hold).not.toBeNull()
    expect(configNotLive).toEqual([])
    await at.json(['resume', 'shop'])
  })

  it('with which nothing starts leaves what serves, is stored, and shows as not live', async () => {
    const broken = await at.tagship('env', 'set', 'shop', 'BROKEN=yes')
    expect(broken.exitCode).toBe(1)
    expect(broken.stderr).toContain('BROKEN is yes')
    expect(broken.stderr).toContain('still serves')
    expect(broken.stderr).toContain('stored, but not live')
    expect(await seen('LOCALE')).toBe('de')
    const { items, notLive } = await at.json<EnvListJson>(['env', 'list', 'shop'])
    expect(items.find(({ name }) => name === 'BROKEN')).toMatchObject({ value: 'yes', liveValue: null })
    expect(notLive).toEqual(['BROKEN'])

    // Back to what runs: there is nothing to deploy.
    expect(await at.json(['env', 'unset', 'shop', 'BROKEN'])).toMatchObject({
      changed: ['BROKEN'],
      deployment: null,
    })
    expect((await app()).configNotLive).toEqual([])
  })

  it('is taken along by a tag that comes', async () => {
    await at.json(['env', 'set', 'shop', 'GREETING=welcome', '--no-deploy'])
    await at.json(['env', 'unset', 'shop', 'EQUATION', '--no-deploy'])
    await shop.version('1.1.0')
    await at.push('shop', shop, 'main', 'v1.1.0')
    expect([await seen('GREETING'), await seen('EQUATION')]).toEqual(['welcome', null])
    expect((await app()).configNotLive).toEqual([])
  })

  it('is gone from the instances when it is unset', async () => {
    await at.json(['secret', 'unset', 'shop', 'CERT', 'PASSWORD', '--wait=live'])
    expect([await seen('CERT'), await seen('PASSWORD')]).toEqual([null, null])
  })

  it('gives its secrets to a build whose manifest names them, which does not begin without', async () => {
    const token = randomBytes(16).toString('hex')
    const sum = createHash('sha256').update(token).digest('hex')
    await shop.version('1.2.0', {
      'tagship.yaml': `${quickManifest}build: { secrets: [NPM_TOKEN] }\n`,
      Dockerfile: `ARG BASE
FROM \${BASE}
RUN --mount=type=secret,id=NPM_TOKEN sha256sum /run/secrets/NPM_TOKEN | grep ${sum}
RUN --mount=type=secret,id=NPM_TOKEN cat /run/secrets/NPM_TOKEN
COPY server.js .
CMD ["node", "server.js"]
`,
    })
    const { stderr } = await at.push('shop', shop, 'main', 'v1.2.0')
    expect(stderr).toContain('build.secretMissing')
    expect(stderr).toContain('NPM_TOKEN')

    await pipe(token, 'secret', 'set', 'shop', 'NPM_TOKEN', '--wait=live')
    await at.json(['deploy', 'shop', 'v1.2.0', '--wait=live'])
    expect((await at.fetch(host, '/healthz')).text).toBe('ok')
    const { stdout: log } = await at.tagship('logs', 'shop', '--build')
    expect(log).toContain(sum)
    expect(log).not.toContain(token)
    await at.json(['secret', 'unset', 'shop', 'NPM_TOKEN', '--wait=live'])
  })

  it('is done once where the controller dies between the change and its answer', async () => {
    const before = (await deployments()).length
    await restartWith({ TAGSHIP_FAULT: 'config.stored' })
    const pid = await at.pid()
    const asked = at.tagship('env', 'set', 'shop', 'GREETING=still here')
    await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 30_000 }).toBe(false)
    expect((await at.up()).exitCode).toBe(0)
    await asked
    await expect.poll(() => seen('GREETING'), { timeout: 40_000 }).toBe('still here')
    const again = await at.json<ConfigChangeJson>([
      'env',
      'set',
      'shop',
      'GREETING=still here',
      '--wait=live',
    ])
    expect(again).toMatchObject({ changed: [] })
    expect(await deployments()).toHaveLength(before + 1)
  })

  it('says that a secret was sealed with another key, and takes it when it is set again', async () => {
    const key = (await readFile(join(at.data, 'secret.key'), 'utf8')).trim()
    await restartWith({ TAGSHIP_SECRET_KEY: randomBytes(32).toString('base64') })
    expect(
      await pipe('sealed with the other', 'secret', 'set', 'shop', 'TOKEN', '--wait=live'),
    ).toMatchObject({
      exitCode: 0,
    })
    expect(await seen('TOKEN')).toBe('sealed with the other')

    expect((await restartWith({ TAGSHIP_SECRET_KEY: key })).stderr).toContain('shop/TOKEN')
    expect((await at.tagship('secret', 'list', 'shop')).stdout).toContain('sealed with another key')
    const failed = await at.tagship('env', 'set', 'shop', 'GREETING=with the wrong key')
    expect(failed.exitCode).toBe(1)
    expect(failed.stderr).toContain('secret.wrongKey')
    expect(failed.stderr).toContain('still serves')
    expect(await pipe('set again', 'secret', 'set', 'shop', 'TOKEN')).toMatchObject({ exitCode: 0 })
    expect([await seen('TOKEN'), await seen('GREETING')]).toEqual(['set again', 'with the wrong key'])
  })

  it.each([
    [['env', 'set', 'shop', '1ST=x'], 'config.nameInvalid'],
    [['env', 'set', 'shop', 'PORT=1'], 'config.nameReserved'],
    [['env', 'set', 'shop', 'TAGSHIP_X=1'], 'config.nameReserved'],
    [['env', 'set', 'nope', 'A=1'], 'app.notFound'],
    [['secret', 'set', 'shop', 'GREETING', '--from-file', '/etc/hostname'], 'config.nameTaken'],
    [['secret', 'set', 'shop', 'EMPTY', '--from-file', '/dev/null'], 'config.valueInvalid'],
    [['secret', 'set', 'shop', 'BINARY', '--from-file', '/bin/true'], 'usage'],
  ])('%j is refused', async (args, code) => {
    const { exitCode, stderr } = await at.tagship(...args)
    expect(stderr).toContain(code)
    expect(exitCode).toBe(code === 'app.notFound' ? 4 : 2)
  })

  it('has never told the password: not in a log, an answer, a file or a row', async () => {
    const key = await stat(join(at.data, 'secret.key'))
    expect(key.mode & 0o777).toBe(0o600)
    await at.tagship('audit', 'verify')
    const said = await Promise.all([
      at.tagship('audit', 'shop', '--json'),
      at.tagship('secret', 'list', 'shop', '--json'),
      at.tagship('deployments', 'shop', '--json'),
      at.tagship('logs', 'shop', '--build'),
    ])
    for (const { stdout, stderr } of said) expect(stdout + stderr).not.toContain(password)
    expect(await filesWith(at.data, password)).toEqual([])
    // An env value is no secret: it shows that the search would find one.
    expect((await filesWith(at.data, 'good evening')).length).toBeGreaterThan(0)
  })
})

/** Every file of the data folder: logs, Postgres' tables and write-ahead log, Redis' file, router, repositories. */
async function filesWith(folder: string, text: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const found: string[] = []
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name)
    const content = await readFile(path).catch(() => Buffer.alloc(0))
    if (content.includes(text)) found.push(path)
  }
  return found
}
