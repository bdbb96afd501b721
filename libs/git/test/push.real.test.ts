import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gitEnvironment, type SampleRepository, sampleRepository } from '@tagship/tests/git'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type Access, createPushEndpoint, ensureHosted, type OnPush, type Push } from '../src/index.ts'
import { listen, memoryLog, remoteRepository, sha, shop, testFolder, testSource } from './support.ts'

const tokens: Record<string, Access> = { secret: { actor: 'ada' }, reader: 'forbidden', stranger: 'unknown' }

/** A hosted repository with its endpoint. */
async function hosted(onPush: OnPush = async () => {}, pushBytes?: number) {
  const folder = await testFolder()
  const log = memoryLog()
  const pushes: Push[] = []
  const requests: Promise<void>[] = []
  const endpoint = createPushEndpoint({
    folder,
    log,
    authorize: (_, token) => tokens[token ?? ''] ?? 'missing',
    onPush: (push, say, signal) => {
      pushes.push(push)
      return onPush(push, say, signal)
    },
    ...(pushBytes ? { pushBytes } : {}),
  })
  const base = await listen((request: IncomingMessage, response: ServerResponse) => {
    requests.push(endpoint(request, response))
  })
  const path = await ensureHosted(folder, shop)
  const url = (token = 'secret') => `${base.replace('//', `//x:${token}@`)}/git/shop.git`
  return { folder, path, base, url, log, pushes, requests }
}

describe('a push', () => {
  it('hands its tags over and shows what is said about them', async () => {
    const { url, pushes, path } = await hosted(async (push, say) => {
      say(`release of ${push.tags.map(({ name }) => name)}\nis \u001b[31mbuilt`)
    })
    await using sample = await sampleRepository()
    const commit = await sample.git('rev-parse', 'HEAD')
    const annotated = await sample.tag('v1.0.0', { message: 'One' })
    await sample.tag('v1.0.1')
    const seen = await sample.push(url(), 'main', 'v1.0.0', 'v1.0.1')
    expect(seen).toMatch(/remote: release of v1\.0\.0,v1\.0\.1 *\n/)
    expect(seen).toMatch(/remote: is \[31mbuilt *\n/)
    expect(pushes).toEqual([
      {
        app: 'shop',
        actor: 'ada',
        tags: [
          { name: 'v1.0.0', commit, refSha: annotated, annotated: true },
          { name: 'v1.0.1', commit, refSha: commit, annotated: false },
        ],
      },
    ])
    expect(await readFile(join(path, 'HEAD'), 'utf8')).toBe('ref: refs/heads/main\n')
  })

  it('shows each line while the deployment is under way', async () => {
    const gate = Promise.withResolvers<void>()
    const { url } = await hosted(async (_, say) => {
      say('building')
      await gate.promise
      say('live')
    })
    await using sample = await sampleRepository()
    await sample.tag('v1')
    const push = startPush(sample, url(), 'v1')
    await push.shows('remote: building')
    expect(push.seen()).not.toContain('live')
    gate.resolve()
    expect(await push.exitCode).toBe(0)
    expect(push.seen()).toContain('remote: live')
  })

  it('of branches alone is nobody else’s business', async () => {
    const { url, pushes, path } = await hosted()
    await using sample = await sampleRepository()
    await sample.push(url(), 'main:trunk')
    await sample.push(url(), 'main:other')
    await sample.commit({}, 'Other')
    await sample.push(url(), '+main:trunk', ':other')
    expect(pushes).toEqual([])
    expect(await readFile(join(path, 'HEAD'), 'utf8')).toBe('ref: refs/heads/trunk\n')
  })

  it('is told in plain words when something went wrong afterwards', async () => {
    const { url, log } = await hosted(async () => {
      throw new Error('the database is away')
    })
    await using sample = await sampleRepository()
    await sample.tag('v1')
    const seen = await sample.push(url(), 'v1')
    expect(seen).toContain('remote: Tagship took "v1", but something went wrong afterwards:')
    expect(seen).toContain('remote: the database is away')
    expect(log.lines).toEqual([expect.stringContaining('could not be followed')])
  })

  it('takes what is large, and what is cloned again is the same', async () => {
    const { url } = await hosted()
    const { source } = await testSource()
    await using sample = await sampleRepository({ files: { 'big.bin': randomBytes(20_000_000) } })
    const commit = sha(await sample.git('rev-parse', 'HEAD'))
    await sample.tag('v1')
    await sample.push(url(), 'main', 'v1')
    const remote = remoteRepository(url())
    await source.fetchCommit(remote, commit, null)
    const archive = await source.archive(remote, commit, '.', new AbortController().signal)
    expect(archive.bytes).toBeGreaterThan(20_000_000)
  })

  it('is refused where it is larger than allowed', async () => {
    const { url, pushes } = await hosted(undefined, 100_000)
    await using sample = await sampleRepository({ files: { 'big.bin': randomBytes(2_000_000) } })
    await sample.tag('v1')
    await expect(sample.push(url(), 'v1')).rejects.toThrow(/exceeds maximum allowed size/)
    expect(pushes).toEqual([])
  })
})

describe('a fetch', () => {
  it('may be negotiated with a compressed request', async () => {
    const { url } = await hosted()
    await using sample = await sampleRepository({ files: { theirs: 'theirs' } })
    await sample.push(url(), 'main')
    await using other = await sampleRepository()
    for (let index = 0; index < 60; index++) await other.commit({ a: String(index) }, `Local ${index}`)
    const { stderr } = await promisify(execFile)('git', ['fetch', url(), 'main'], {
      cwd: other.folder,
      env: { ...gitEnvironment(), GIT_TRACE_CURL: '1' },
      maxBuffer: 64 * 1024 * 1024,
    })
    expect(stderr).toMatch(/content-encoding: gzip/i)
    expect(await other.git('rev-parse', 'FETCH_HEAD')).toBe(await sample.git('rev-parse', 'HEAD'))
  })
})

describe('a tag is refused', () => {
  it('with the reason, while branches of the same push go through', async () => {
    const { url, pushes, path } = await hosted()
    await using sample = await sampleRepository()
    const first = await sample.git('rev-parse', '--short=7', 'HEAD')
    await sample.tag('v1', { message: 'One' })
    await sample.push(url(), 'v1')
    const second = await sample.commit({ a: 'a' })
    await sample.git('tag', '--force', 'v1', second)

    const moved = await failingPush(sample, url(), '+v1', 'main')
    expect(moved).toContain(`remote: v1 exists and points at ${first}; a tag is never moved: push a new one`)
    expect(moved).toMatch(/\[remote rejected\] v1 -> v1/)
    expect(await sample.git(`--git-dir=${path}`, 'rev-parse', 'refs/heads/main')).toBe(second)

    const deleted = await failingPush(sample, url(), ':v1')
    expect(deleted).toContain(`remote: v1 exists and points at ${first}; a tag is never deleted`)
    const blobSha = await sample.git('rev-parse', 'HEAD:README.md')
    const blob = await failingPush(sample, url(), `${blobSha}:refs/tags/blob`)
    expect(blob).toContain('remote: blob does not point at a commit')
    expect(pushes).toHaveLength(1)
  })

  it.each([
    ['--upload-pack=id', 'it starts with a dash'],
    ["v'1", 'it has one of'],
    ['v"1', 'it has one of'],
    ['$(id)', 'it has one of'],
    ['x'.repeat(200), 'it has 200 characters, 128 are allowed'],
  ])('where its name is %s', async (name, reason) => {
    const { url, pushes } = await hosted()
    await using sample = await sampleRepository()
    const seen = await failingPush(sample, url(), `main:refs/tags/${name}`)
    expect(seen.replace(/\s*\nremote: /g, ' ')).toContain(reason)
    expect(pushes).toEqual([])
  })
})

describe('access', () => {
  it.each([
    ['', 401, /Authentication failed|terminal prompts disabled/],
    ['wrong', 401, /Authentication failed/],
    ['reader', 403, /403/],
    ['stranger', 404, /not found/],
  ])('with the token %j is answered with %i', async (token, status, told) => {
    const { url, base, pushes } = await hosted()
    await using sample = await sampleRepository()
    const address = token ? url(token) : `${base}/git/shop.git`
    expect(await failingPush(sample, address, 'main')).toMatch(told)
    const headers = { authorization: `Basic ${Buffer.from(`x:${token}`).toString('base64')}` }
    const response = await fetch(`${base}/git/shop.git/info/refs?service=git-receive-pack`, { headers })
    expect(response.status).toBe(status)
    expect(response.headers.has('www-authenticate')).toBe(status === 401)
    expect(pushes).toEqual([])
  })

  it('is to hosted repositories and git’s smart protocol alone', async () => {
    const { base, folder } = await hosted()
    const mirror = join(folder, 'mirror.git')
    await sampleRepository().then(async (sample) => {
      await sample.git('clone', '--quiet', '--bare', sample.folder, mirror)
      await sample[Symbol.asyncDispose]()
    })
    const headers = { authorization: `Basic ${Buffer.from('secret:').toString('base64')}` }
    const status = async (path: string) => (await fetch(`${base}${path}`, { headers })).status
    expect(await status('/git/shop.git/info/refs?service=git-upload-pack')).toBe(200)
    for (const path of [
      '/git/shop.git/HEAD',
      '/git/shop.git/config',
      '/git/shop.git/info/refs',
      '/git/mirror.git/info/refs?service=git-upload-pack',
      '/git/none.git/info/refs?service=git-upload-pack',
      '/',
    ]) {
      expect([path, await status(path)]).toEqual([path, 404])
    }
  })
})

describe('pushes at the same time', () => {
  it('all go through, and of those that want the same tag one wins', async () => {
    const { url, pushes } = await hosted()
    await using base = await sampleRepository()
    await base.push(url(), 'main')
    const samples = await Promise.all(Array.from({ length: 5 }, () => sampleRepository()))
    onTestFinished(async () => {
      await Promise.all(samples.map((sample) => sample[Symbol.asyncDispose]()))
    })
    const results = await Promise.all(
      samples.map(async (sample, index) => {
        await sample.commit({ a: String(index) })
        await sample.tag('same')
        await sample.tag(`v${index}`)
        return startPush(sample, url(), 'same', `v${index}`).exitCode
      }),
    )
    expect(results.filter((code) => code === 0)).toHaveLength(1)
    const names = pushes.flatMap(({ tags }) => tags.map(({ name }) => String(name)))
    expect(names.toSorted()).toEqual(['same', 'v0', 'v1', 'v2', 'v3', 'v4'])
  })
})

describe('when one side goes', () => {
  it('the deployment goes on without its pusher, and git does not wait for it', async () => {
    const aborted = Promise.withResolvers<void>()
    const deployed = Promise.withResolvers<void>()
    const { url, path, pushes, requests } = await hosted(async (_, say, signal) => {
      say('building')
      signal.addEventListener('abort', () => aborted.resolve())
      await deployed.promise
      say('nobody reads this')
    })
    await using sample = await sampleRepository()
    await sample.tag('v1')
    const push = startPush(sample, url(), 'v1')
    await push.shows('remote: building')
    push.kill()
    await aborted.promise
    await Promise.all(requests)
    await vi.waitFor(async () => expect(await backends(path)).toEqual([]))
    deployed.resolve()
    expect(pushes).toHaveLength(1)
  })

  it('a push that did not arrive as a whole leaves nothing', async () => {
    const { base, requests, path, pushes } = await hosted()
    const request = httpRequest(`${base}/git/shop.git/git-receive-pack`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from('x:secret').toString('base64')}`,
        'content-type': 'application/x-git-receive-pack-request',
        'content-length': '1000000',
      },
    })
    request.on('error', () => {})
    request.write('00a60000')
    await vi.waitFor(() => expect(requests).toHaveLength(1))
    await vi.waitFor(async () => expect(await backends(path)).not.toEqual([]))
    request.destroy()
    await Promise.all(requests)
    await vi.waitFor(async () => expect(await backends(path)).toEqual([]))
    expect(pushes).toEqual([])
  })

  it('the push ends by itself when the controller dies', async () => {
    const folder = await testFolder()
    const path = await ensureHosted(folder, shop)
    const controller = spawn(process.execPath, [join(import.meta.dirname, 'push-hang.ts'), folder])
    onTestFinished(() => void controller.kill('SIGKILL'))
    const output = outputOf(controller)
    await vi.waitFor(() => expect(output()).toMatch(/^\d+\n/), { timeout: 20_000 })
    await using sample = await sampleRepository()
    await sample.tag('v1')
    const push = startPush(sample, `http://127.0.0.1:${Number.parseInt(output(), 10)}/git/shop.git`, 'v1')
    await push.shows('remote: building')
    controller.kill('SIGKILL')
    await push.exitCode
    await vi.waitFor(async () => expect(await backends(path)).toEqual([]), { timeout: 10_000 })
    expect(await sample.git(`--git-dir=${path}`, 'rev-parse', 'v1')).toBe(await sample.git('rev-parse', 'v1'))
  })
})

describe('a hosted repository', () => {
  it.each([
    ['as it is', async () => {}],
    ['without HEAD', (path: string) => rm(join(path, 'HEAD'))],
    ['with an empty HEAD', (path: string) => writeFile(join(path, 'HEAD'), '')],
    ['without refs', (path: string) => rm(join(path, 'refs'), { recursive: true })],
    ['without the mark of being hosted', (path: string) => rm(join(path, 'git-daemon-export-ok'))],
  ])('is found or mended: %s', async (_, change) => {
    const { url, path, folder, pushes } = await hosted()
    await change(path)
    expect(await ensureHosted(folder, shop)).toBe(path)
    await using sample = await sampleRepository()
    await sample.tag('v1')
    await sample.push(url(), 'main', 'v1')
    expect(await ensureHosted(folder, shop)).toBe(path)
    expect(await sample.git('ls-remote', '--tags', path)).toContain('refs/tags/v1')
    expect(pushes).toHaveLength(1)
  })

  it('may be made by many at once', async () => {
    const folder = await testFolder()
    await Promise.all(Array.from({ length: 8 }, () => ensureHosted(folder, shop)))
    expect(await readdir(folder)).toEqual(['shop.git'])
  })
})

function startPush(sample: SampleRepository, remote: string, ...refs: string[]) {
  const child = spawn('git', ['push', remote, ...refs], {
    cwd: sample.folder,
    env: gitEnvironment(),
    // A group of its own, to end git and its helper together as Ctrl-C does.
    detached: true,
  })
  const seen = outputOf(child)
  const exitCode = once(child, 'close').then(([code]) => code as number | null)
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) kill(child)
    await exitCode
  })
  return {
    seen,
    exitCode,
    shows: (text: string) => vi.waitFor(() => expect(seen()).toContain(text), { timeout: 20_000 }),
    kill: () => kill(child),
  }
}

function kill(child: ChildProcess): void {
  if (child.pid) process.kill(-child.pid, 'SIGINT')
}

function outputOf(child: ChildProcess): () => string {
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      text += String(chunk)
    })
  }
  return () => text
}

/** @returns what a push that fails shows */
async function failingPush(sample: SampleRepository, remote: string, ...refs: string[]): Promise<string> {
  const push = startPush(sample, remote, ...refs)
  expect(await push.exitCode).not.toBe(0)
  return push.seen()
}

/** The processes that serve this repository. */
async function backends(path: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
      const mine = environment.split('\0').includes(`GIT_PROJECT_ROOT=${join(path, '..')}`)
      return mine ? [pid] : []
    }),
  )
  return found.flat()
}
