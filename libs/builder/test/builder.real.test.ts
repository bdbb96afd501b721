import { createHash, randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { parseAppName, parseCommitSha, parseManifest, parseTagName } from '@tagship/domain'
import type { BuildRequest } from '@tagship/engine'
import { createDocker } from '@tagship/kit'
import { type ContextFiles, dockerScope } from '@tagship/tests/docker'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { createDockerBuilder } from '../src/index.ts'

const scope = dockerScope(afterAll)
const builder = createDockerBuilder(scope)
const app = parseAppName('shop')
const never = new AbortController().signal

async function request(files: ContextFiles, overrides: Partial<BuildRequest> = {}): Promise<BuildRequest> {
  return {
    app,
    releaseId: '3f1d1a8e-0000-4000-8000-000000000001',
    release: 1,
    tag: parseTagName('v1.0.0'),
    commit: parseCommitSha('0123456789012345678901234567890123456789'),
    repository: 'https://git.example.com/shop.git',
    context: await scope.spool(files),
    recipe: parseManifest(null).build,
    args: {},
    secrets: {},
    buildKey: randomBytes(32).toString('hex'),
    ...overrides,
  }
}

function recipe(text: string): BuildRequest['recipe'] {
  return parseManifest(`build: ${text}`).build
}

/** A Dockerfile that no other test has built: `salt` keeps BuildKit from finding a step in its cache. */
function dockerfile(...steps: string[]): string {
  return ['FROM tagship/base:1 AS wanted', `ENV SALT=${randomBytes(6).toString('hex')}`, ...steps].join('\n')
}

/** Programs that run on this machine with `word` in their arguments. */
async function programsWith(word: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')))
  return lines.filter((line) => line.includes(word))
}

async function outputOf(image: string, Cmd: readonly string[]): Promise<string> {
  const container = await scope.docker.createContainer({
    Image: image,
    Cmd: [...Cmd],
    Labels: { 'dev.tagship': scope.installation },
    HostConfig: { LogConfig: { Type: 'json-file', Config: {} } },
    Tty: true,
  })
  await container.start()
  await container.wait()
  return (await container.logs({ stdout: true, stderr: true })).toString()
}

describe('a build that succeeds', () => {
  test('gives a digest, labels, a log line by line, and is found again', async () => {
    const lines: string[] = []
    const wanted = await request(
      {
        'Dockerfile.web': dockerfile(
          'ARG WHO',
          'RUN echo "hello $WHO" && echo second',
          'FROM wanted AS unwanted',
          'RUN false',
        ),
      },
      {
        recipe: recipe('{ dockerfile: Dockerfile.web, target: wanted, args: { WHO: manifest } }'),
        args: { WHO: 'app' },
      },
    )
    const image = await builder.build(wanted, (line) => lines.push(line), never)

    const found = await scope.docker.getImage(image.digest).inspect()
    expect(image).toEqual({ digest: found.Id, bytes: found.Size })
    expect(found.RepoTags).toEqual([`tagship-${scope.installation}/shop:v1`])
    expect(found.Config.Labels).toMatchObject({
      'org.opencontainers.image.source': 'https://git.example.com/shop.git',
      'org.opencontainers.image.revision': wanted.commit,
      'org.opencontainers.image.version': 'v1.0.0',
      'dev.tagship': scope.installation,
      'dev.tagship.role': 'image',
      'dev.tagship.app': 'shop',
      'dev.tagship.release': '1',
      'dev.tagship.build-key': wanted.buildKey,
    })
    expect(Date.parse(found.Config.Labels['org.opencontainers.image.created'] ?? '')).toBeGreaterThan(0)

    const step = lines.find((line) => line.includes('RUN echo'))?.split(' ')[0]
    expect(lines.filter((line) => line.startsWith(`${step} `)).slice(1)).toEqual([
      `${step} hello app`,
      `${step} second`,
      expect.stringMatching(/ DONE \d+\.\ds$/),
    ])

    expect(await builder.find(app, wanted.buildKey)).toEqual(image)
    expect(await builder.find(parseAppName('other'), wanted.buildKey)).toBeNull()
    expect(await builder.find(app, 'another key')).toBeNull()
    const stranger = createDockerBuilder({ ...scope, installation: 'ffffffff' })
    expect(await stranger.find(app, wanted.buildKey)).toBeNull()
  })

  test('leaves no trace of its mark in the image, and takes steps of a build before from the cache', async () => {
    const text = dockerfile('RUN echo once')
    const lines: string[] = []
    await builder.build(await request({ Dockerfile: text }), () => {}, never)
    const image = await builder.build(await request({ Dockerfile: text }), (line) => lines.push(line), never)
    expect(lines.some((line) => line.endsWith(' CACHED'))).toBe(true)
    const found = await scope.docker.getImage(image.digest).inspect()
    expect(JSON.stringify(found.Config)).not.toContain('tagship-build-')
  })

  test('is given its secrets, and keeps none of them: not in the image, and not in the log', async () => {
    const secrets = { TOKEN: `token-${randomBytes(8).toString('hex')}`, KEY: 'begin of key\nend of it\n' }
    const lines: string[] = []
    const wanted = await request(
      {
        Dockerfile: dockerfile(
          'RUN --mount=type=secret,id=TOKEN --mount=type=secret,id=KEY cd /run/secrets && \\',
          'sha256sum TOKEN KEY > /sums && cat TOKEN && echo && cat KEY && ls',
        ),
      },
      { secrets },
    )
    const image = await builder.build(wanted, (line) => lines.push(line), never)
    const sums = await outputOf(image.digest, ['cat', '/sums'])
    for (const value of Object.values(secrets)) {
      expect(sums).toContain(createHash('sha256').update(value).digest('hex'))
    }
    const log = lines.map((line) => line.replace(/^#\d+ /, ''))
    expect(log.slice(log.indexOf('***')).slice(0, 6)).toEqual([
      '***',
      '***',
      '***',
      'KEY',
      'TOKEN',
      expect.stringMatching(/^DONE/),
    ])
    expect(await outputOf(image.digest, ['ls', '-A', '/run/secrets'])).toBe('')
    const { Config } = await scope.docker.getImage(image.digest).inspect()
    const history = await scope.docker.getImage(image.digest).history()
    expect(JSON.stringify([Config, history])).not.toContain(secrets.TOKEN)
  })

  test('an image in use stays; one that is not goes; one that is gone is no error', async () => {
    const image = await builder.build(await request({ Dockerfile: dockerfile() }), () => {}, never)
    const container = await scope.docker.createContainer({
      Image: image.digest,
      Cmd: ['true'],
      Labels: { 'dev.tagship': scope.installation },
    })
    await builder.remove(image.digest)
    expect(await builder.has(image.digest)).toBe(true)
    await container.remove()
    await builder.remove(image.digest)
    expect(await builder.has(image.digest)).toBe(false)
    await builder.remove(image.digest)
  })
})

describe('a build that fails', () => {
  test('names the step and the last lines', async () => {
    const wanted = await request({
      Dockerfile: dockerfile('RUN for i in $(seq 30); do echo line $i; done; echo broken; exit 3'),
    })
    const failure = await builder.build(wanted, () => {}, never).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'build.failed' })
    const { message } = failure as Error
    expect(message).toMatch(/^Dockerfile, \[2\/2\] RUN for i.*: exit code: 3\n/)
    expect(message).toMatch(/line 30\nbroken$/)
    expect(message).not.toContain('line 2\n')
    expect(await builder.find(app, wanted.buildKey)).toBeNull()
  })

  test.each([
    ['is given none', {}],
    ['is given another', { OTHER: 'something else' }],
  ])('a step mounts a secret, where the build %s', async (_, secrets) => {
    const text = dockerfile('RUN --mount=type=secret,id=TOKEN,required=true true')
    const build = builder.build(await request({ Dockerfile: text }, { secrets }), () => {}, never)
    await expect(build).rejects.toMatchObject({
      code: 'build.secretMissing',
      message: expect.stringContaining('id=TOKEN,required=true true: it mounts a secret'),
    })
  })

  test.each([
    [
      'no Dockerfile',
      { 'README.md': 'x' },
      'build.dockerfileMissing',
      /^there is no Dockerfile at the commit/,
    ],
    ['an unknown instruction', { Dockerfile: 'FROM scratch\nRUNN x' }, 'build.failed', /^Dockerfile: .*RUNN/],
    ['no instruction', { Dockerfile: '# nothing' }, 'build.failed', /^Dockerfile: /],
    [
      'a base image that is nowhere',
      { Dockerfile: 'FROM localhost:1/nobody/has-this:9' },
      'build.failed',
      /^the base image localhost:1\/nobody\/has-this:9 is not on this machine and cannot be pulled: .*\n.*--build-arg/,
    ],
    ['a file that is not there', { Dockerfile: 'FROM scratch\nCOPY gone /' }, 'build.failed', /gone/],
  ])('%s', async (_what, files: ContextFiles, code, message) => {
    const building = builder.build(await request(files), () => {}, never)
    await expect(building).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
  })

  test('after its time-out, with nothing left running', async () => {
    const word = randomBytes(8).toString('hex')
    const wanted = await request(
      { Dockerfile: dockerfile(`RUN sh -c 'echo ${word}; while :; do sleep 1; done'`) },
      { recipe: recipe('{ timeout: 2s }') },
    )
    await expect(builder.build(wanted, () => {}, never)).rejects.toMatchObject({
      code: 'build.timeout',
      message: expect.stringContaining('2.0s'),
    })
    await vi.waitFor(async () => expect(await programsWith(word)).toEqual([]), { timeout: 5_000 })
  })

  test('when it is canceled, and the build beside it goes on', async () => {
    const word = randomBytes(8).toString('hex')
    const stop = new AbortController()
    const canceled = await request({
      Dockerfile: dockerfile(`RUN sh -c 'echo ${word}; while :; do sleep 1; done'`),
    })
    const other = await request({ Dockerfile: dockerfile('RUN sleep 3; echo done') }, { release: 2 })
    const beside = builder.build(other, () => {}, never)
    const building = builder.build(
      canceled,
      (line) => {
        if (line.endsWith(` ${word}`)) stop.abort()
      },
      stop.signal,
    )
    await expect(building).rejects.toMatchObject({ code: 'build.canceled' })
    await vi.waitFor(async () => expect(await programsWith(word)).toEqual([]), { timeout: 5_000 })
    await expect(beside).resolves.toMatchObject({ digest: expect.stringMatching(/^sha256:/) })
    await expect(builder.build(canceled, () => {}, stop.signal)).rejects.toMatchObject({
      code: 'build.canceled',
    })
  })

  test('when it fills memory, also where the Dockerfile would hide it; the build beside it goes on', async () => {
    const hog = 'const kept = []; setInterval(() => kept.push(Buffer.alloc(10e6, 1)), 20)'
    const wanted = await request(
      { 'hog.js': hog, Dockerfile: dockerfile('COPY hog.js /', 'RUN node /hog.js || sleep 20') },
      { recipe: recipe('{ memory: 200m }') },
    )
    const beside = builder.build(
      await request(
        { Dockerfile: dockerfile('RUN node -e "Buffer.alloc(400e6, 1)"; sleep 2') },
        { release: 2 },
      ),
      () => {},
      never,
    )
    const started = Date.now()
    await expect(builder.build(wanted, () => {}, never)).rejects.toMatchObject({
      code: 'build.outOfMemory',
      message: expect.stringContaining('build.memory'),
    })
    expect(Date.now() - started).toBeLessThan(15_000)
    expect(await builder.find(app, wanted.buildKey)).toBeNull()
    await expect(beside).resolves.toMatchObject({ digest: expect.stringMatching(/^sha256:/) })
    await vi.waitFor(async () => expect(await buildCgroups()).toEqual([]), { timeout: 5_000 })
  })

  test('when the engine is not there', async () => {
    vi.stubEnv('DOCKER_HOST', 'unix:///nonexistent/docker.sock')
    const lost = createDockerBuilder({ ...scope, docker: createDocker() })
    vi.unstubAllEnvs()
    const wanted = await request({ Dockerfile: dockerfile() })
    await expect(lost.build(wanted, () => {}, never)).rejects.toMatchObject({ code: 'engine.unavailable' })
    await expect(lost.find(app, 'x')).rejects.toMatchObject({ code: 'engine.unavailable' })
  })
})

async function buildCgroups(): Promise<string[]> {
  const folders = ['/sys/fs/cgroup/memory/docker/buildkit', '/sys/fs/cgroup/docker/buildkit']
  const names = await Promise.all(folders.map((folder) => readdir(folder).catch(() => [])))
  return names.flat().filter((name) => name.startsWith(`tagship-build-${process.pid}-`))
}
