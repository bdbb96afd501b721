import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, rmdir, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { parseAppName, parseImageDigest } from '@tagship/domain'
import { createDocker } from '@tagship/kit'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createDockerRuntime } from '../src/index.ts'
import { createWorld, linesOf, node, specOf, type World } from './world.ts'

let world: World
const cleanups: (() => Promise<void>)[] = []
afterAll(async () => {
  for (const cleanup of cleanups) await cleanup()
})
beforeAll(async () => {
  world = await createWorld((cleanup) => cleanups.push(cleanup))
})

describe('an instance', () => {
  test('is locked in: seen from outside', async () => {
    const spec = specOf(world)
    const instance = await world.runtime.start(spec)
    expect(instance).toMatchObject({
      name: `tagship-${world.installation}-shop-${spec.deploymentNumber}-web-0`,
      app: 'shop',
      deploymentId: spec.deploymentId,
      release: 3,
      slot: 'green',
      process: 'web',
      ordinal: 0,
      state: 'running',
      restarts: 0,
      exitCode: null,
      outOfMemory: false,
      health: 'none',
    })
    const { HostConfig, Config, Image } = await world.docker.getContainer(instance.id).inspect()
    expect(Image).toBe(world.digest)
    expect(Config).toMatchObject({ Image: world.digest, User: '1234' })
    expect(HostConfig).toMatchObject({
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges:true'],
      PidsLimit: 512,
      Memory: spec.memoryBytes,
      MemorySwap: spec.memoryBytes,
      Init: true,
      RestartPolicy: { Name: 'unless-stopped' },
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
    })
    expect(HostConfig.NanoCpus).toBeGreaterThan(0)
    expect(HostConfig.PortBindings ?? {}).toEqual({})
  })

  test('is locked in: seen from inside', async () => {
    const instance = await world.runtime.start(specOf(world, { command: ['node', '/app/inspect.js'] }))
    const line = await vi.waitFor(async () => {
      const [first] = await linesOf(world.runtime, instance)
      expect(first).toBeDefined()
      return first ?? ''
    })
    expect(JSON.parse(line)).toEqual({
      root: 'EROFS',
      tmp: 'written',
      uid: 1234,
      env: 'two words',
      capabilities: '0000000000000000',
      noNewPrivileges: '1',
      tmpOptions: expect.stringMatching(/nosuid,nodev.*size=65536k/),
    })
  })

  test('may write where the manifest lets it: its root, and a volume that is there', async () => {
    const name = `${world.installation}-data`
    await world.docker.createVolume({ Name: name, Labels: { 'dev.tagship': world.installation } })
    const instance = await world.runtime.start(
      specOf(world, {
        command: node(
          "const fs = require('fs'); fs.writeFileSync('/tmp/x', ''); console.log(fs.existsSync('/data'), fs.statfsSync('/data').type !== fs.statfsSync('/tmp').type); setInterval(() => {}, 1000)",
        ),
        filesystem: { readOnly: false, tmpfs: ['/tmp'], volumes: [`${name}:/data`] },
      }),
    )
    await vi.waitFor(async () => expect(await linesOf(world.runtime, instance)).toEqual(['true true']))
    const found = await world.docker.getContainer(instance.id).inspect()
    expect(found.HostConfig.ReadonlyRootfs).toBe(false)
    await world.runtime.remove(instance)
    expect(await world.docker.getVolume(name).inspect()).toMatchObject({ Name: name })
  })

  test('started again and again, and by several at once, runs once', async () => {
    const spec = specOf(world)
    const other = { ...spec, ordinal: 1 }
    const started = await Promise.all([
      world.runtime.start(spec),
      world.runtime.start(spec),
      world.runtime.start(other),
    ])
    expect(started[0]?.id).toBe(started[1]?.id)
    expect(await world.runtime.start(spec)).toEqual(started[0])
    const all = await world.runtime.list(spec.app, spec.deploymentId)
    expect(all.map(({ ordinal }) => ordinal)).toEqual([0, 1])
    expect((await world.runtime.listAll()).map(({ id }) => id)).toEqual(
      expect.arrayContaining(all.map(({ id }) => id)),
    )
  })

  test('made but not started by a controller that died is started; one of another spec is replaced', async () => {
    const spec = specOf(world)
    const first = await world.runtime.start(spec)
    const changed = await world.runtime.start({ ...spec, env: { PORT: '8081' } })
    expect(changed.name).toBe(first.name)
    expect(changed.id).not.toBe(first.id)

    const container = world.docker.getContainer(changed.id)
    const { Config } = await container.inspect()
    await container.remove({ force: true })
    const { id } = await world.docker.createContainer({
      name: changed.name,
      Image: Config.Image,
      Env: Config.Env,
      Labels: Config.Labels,
    })
    expect(await world.runtime.start({ ...spec, env: { PORT: '8081' } })).toMatchObject({
      id,
      state: 'running',
    })
  })

  test('ended with its engine, which did not bring it back, is started again', async () => {
    const spec = specOf(world)
    const { id, address } = await world.runtime.start(spec)
    await world.docker.getContainer(id).stop({ t: 0 })
    expect(await world.runtime.list(spec.app, spec.deploymentId)).toMatchObject([{ id, state: 'exited' }])
    expect(await world.runtime.start(spec)).toMatchObject({ id, address, state: 'running' })
  })

  test('keeps its address over a restart, and gets another where its own is taken', async () => {
    const spec = specOf(world)
    const instance = await world.runtime.start(spec)
    expect(instance.address).toMatch(/^10\.(19[2-9]|20[0-7])\.\d+\.\d+$/)
    await world.docker.getContainer(instance.id).restart({ t: 0 })
    const [again] = await world.runtime.list(spec.app, spec.deploymentId)
    expect(again?.address).toBe(instance.address)

    const later = { ...specOf(world), deploymentNumber: spec.deploymentNumber + 7 }
    const neighbour = await world.runtime.start(later)
    expect(neighbour).toMatchObject({ state: 'running' })
    expect(neighbour.address).not.toBe(instance.address)
    await world.docker.getContainer(neighbour.id).restart({ t: 0 })
    const [kept] = await world.runtime.list(later.app, later.deploymentId)
    expect(kept?.address).toBe(neighbour.address)
  })

  test('may listen on port 80 without any capability', async () => {
    const instance = await world.runtime.start(specOf(world, { env: { PORT: '80' } }))
    await vi.waitFor(async () => expect(await linesOf(world.runtime, instance)).toEqual(['ready']))
    expect(await get(instance.address, 80)).toBe('fine')
  })
})

describe('an instance that goes wrong', () => {
  test.each([
    [
      'a volume that is not there',
      { filesystem: { readOnly: true, tmpfs: [], volumes: ['nothing:/x'] } },
      /volume nothing/,
    ],
    ['too little memory', { memoryBytes: 1_000_000 }, /memory/i],
  ])('%s', async (_what, overrides, message) => {
    const starting = world.runtime.start(specOf(world, overrides))
    await expect(starting).rejects.toMatchObject({
      code: 'instance.startFailed',
      message: expect.stringMatching(message),
    })
  })

  test('a user that the image does not know', async () => {
    const imageDigest = parseImageDigest(
      await world.image({ Dockerfile: `FROM ${world.digest}\nUSER nobody-knows` }),
    )
    await expect(world.runtime.start(specOf(world, { imageDigest }))).rejects.toMatchObject({
      code: 'instance.startFailed',
      message: 'web of shop: unable to find user nobody-knows: no matching entries in passwd file',
    })
  })

  test('a command that is not there ends with code 127 and says so', async () => {
    const spec = specOf(world, { command: ['no-such-program'] })
    const instance = await world.runtime.start(spec)
    await vi.waitFor(async () => {
      const [found] = await world.runtime.list(spec.app, spec.deploymentId)
      expect(found).toMatchObject({ exitCode: 127, outOfMemory: false })
    }, 10_000)
    expect(await linesOf(world.runtime, instance, { tail: 1 })).toEqual([
      expect.stringContaining('no-such-program'),
    ])
  })

  test('the code of its last end is known also while it runs again', async () => {
    const spec = specOf(world, { command: node('setTimeout(() => process.exit(7), 1500)') })
    await world.runtime.start(spec)
    await vi.waitFor(
      async () => {
        const [found] = await world.runtime.list(spec.app, spec.deploymentId)
        expect(found).toMatchObject({ state: 'running', exitCode: 7 })
      },
      { timeout: 20_000, interval: 20 },
    )
  })

  test('an image that is gone', async () => {
    const imageDigest = parseImageDigest(`sha256:${'0'.repeat(64)}`)
    expect(await world.runtime.imageFacts(imageDigest)).toBeNull()
    await expect(world.runtime.start(specOf(world, { imageDigest }))).rejects.toMatchObject({
      code: 'image.missing',
    })
  })

  test('a crash loop is seen, with its restarts and its code', async () => {
    const spec = specOf(world, { command: node('console.error("no config"); process.exit(7)') })
    const instance = await world.runtime.start(spec)
    const seen = await vi.waitFor(
      async () => {
        const [found] = await world.runtime.list(spec.app, spec.deploymentId)
        expect(found?.restarts).toBeGreaterThan(1)
        expect(found?.exitCode).toBe(7)
        return found
      },
      { timeout: 20_000, interval: 20 },
    )
    expect(seen).toMatchObject({ state: 'restarting', outOfMemory: false })
    expect(await linesOf(world.runtime, instance, { tail: 1 })).toEqual(['no config'])
  })

  test('out of memory is told from other ends', async () => {
    const hog = node('const kept = []; for (;;) kept.push(Buffer.alloc(5e6, 1))')
    const spec = specOf(world, { command: hog, memoryBytes: 64 * 1024 ** 2 })
    await world.runtime.start(spec)
    await vi.waitFor(
      async () => {
        const [found] = await world.runtime.list(spec.app, spec.deploymentId)
        expect(found).toMatchObject({ outOfMemory: true, exitCode: 137 })
      },
      { timeout: 20_000, interval: 20 },
    )
  })

  test('the engine is not there', async () => {
    vi.stubEnv('DOCKER_HOST', 'unix:///nonexistent/docker.sock')
    const lost = createDockerRuntime({ ...world, docker: createDocker() })
    vi.unstubAllEnvs()
    await expect(lost.start(specOf(world))).rejects.toMatchObject({ code: 'engine.unavailable' })
    await expect(lost.listAll()).rejects.toMatchObject({ code: 'engine.unavailable' })
  })
})

describe('removal', () => {
  test('lets the program say goodbye, by several at once and again later', async () => {
    const spec = specOf(world)
    const instance = await world.runtime.start(spec)
    await vi.waitFor(async () => expect(await linesOf(world.runtime, instance)).toEqual(['ready']))
    const last = linesOf(world.runtime, instance, { follow: true })
    await Promise.all([world.runtime.remove(instance), world.runtime.remove(instance)])
    expect(await last).toEqual(['ready', 'goodbye'])
    expect(await world.runtime.list(spec.app, spec.deploymentId)).toEqual([])
    await world.runtime.remove(instance)
    expect(await linesOf(world.runtime, instance)).toEqual([])
  })

  test('does not wait longer than the stop time for a program that does not listen', async () => {
    const command = node("process.on('SIGTERM', () => {}); console.log('deaf'); setInterval(() => {}, 1000)")
    const instance = await world.runtime.start(specOf(world, { command, stopMs: 1_000 }))
    await vi.waitFor(async () => expect(await linesOf(world.runtime, instance)).toEqual(['deaf']))
    const started = Date.now()
    await world.runtime.remove(instance)
    expect(Date.now() - started).toBeGreaterThan(900)
    expect(Date.now() - started).toBeLessThan(6_000)
  })

  test('ends a program of it that the engine has forgotten', async () => {
    const instance = await world.runtime.start(specOf(world))
    await world.docker.getContainer(instance.id).stop({ t: 0 })
    const forgotten = spawn('sleep', ['60'], { stdio: 'ignore' })
    onTestFinished(() => void forgotten.kill('SIGKILL'))
    // What an engine that was killed leaves, as the kernel shows it: a process in the control group of its container.
    const root = existsSync('/sys/fs/cgroup/pids') ? '/sys/fs/cgroup/pids' : '/sys/fs/cgroup'
    const group = join(root, `tagship-test-${instance.id}`)
    await mkdir(group)
    onTestFinished(() => rmdir(group))
    await writeFile(join(group, 'cgroup.procs'), String(forgotten.pid))
    const ended = once(forgotten, 'exit')
    await world.runtime.remove(instance)
    expect(await ended).toEqual([null, 'SIGKILL'])
  })
})

test('installations do not meet: not in lists, not in networks', async () => {
  const other = await createWorld((cleanup) => cleanups.push(cleanup))
  const spec = specOf(world)
  const [ours, theirs] = await Promise.all([world.runtime.start(spec), other.runtime.start(spec)])
  expect(ours.id).not.toBe(theirs.id)
  expect(ours.address?.split('.').slice(0, 3)).not.toEqual(theirs.address?.split('.').slice(0, 3))
  expect((await other.runtime.listAll()).map(({ id }) => id)).toEqual([theirs.id])
  await other.runtime.remove(theirs)
  expect(await world.runtime.list(spec.app, spec.deploymentId)).toMatchObject([
    { id: ours.id, state: 'running' },
  ])
})

test('an app leaves no network behind; one with instances keeps it', async () => {
  const app = parseAppName('leaving')
  const instance = await world.runtime.start(specOf(world, { app }))
  await expect(world.runtime.removeApp(app)).rejects.toMatchObject({ code: 'engine.failed' })
  await world.runtime.remove(instance)
  await world.runtime.removeApp(app)
  await world.runtime.removeApp(app)
  const filters = { name: [`tagship-${world.installation}-leaving`] }
  expect(await world.docker.listNetworks({ filters })).toEqual([])
})

test('a pool with one place left: the second app is told', async () => {
  const networkPool = '10.255.254.0/24'
  const narrow = createDockerRuntime({ ...world, networkPool })
  const [one, two] = [parseAppName('narrow-one'), parseAppName('narrow-two')]
  const instance = await narrow.start(specOf(world, { app: one }))
  expect(instance.address).toMatch(/^10\.255\.254\./)
  await expect(narrow.start(specOf(world, { app: two }))).rejects.toMatchObject({
    code: 'engine.failed',
    message: expect.stringContaining(networkPool),
  })
})

test('image facts', async () => {
  expect(await world.runtime.imageFacts(world.digest)).toEqual({
    exposedPorts: [3000, 8080],
    hasHealthcheck: false,
  })
})

function get(host: string | null, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const asking = request({ host, port, agent: false }, (response) => {
      response.setEncoding('utf8').once('data', resolve)
    })
    asking.on('error', reject).end()
  })
}
