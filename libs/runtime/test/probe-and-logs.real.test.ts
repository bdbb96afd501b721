import { parseImageDigest, parseManifest } from '@tagship/domain'
import type { LogLine } from '@tagship/engine'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { containerOptions } from '../src/docker/container-options.ts'
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
const never = new AbortController().signal
const health = { ...parseManifest(null).processes.web?.health, timeout: 500 } as Parameters<
  World['runtime']['probe']
>[2]

async function startReady(env: Record<string, string>) {
  const instance = await world.runtime.start(specOf(world, { env }))
  await vi.waitFor(async () => expect(await linesOf(world.runtime, instance)).toContain('ready'))
  return instance
}

describe('a probe', () => {
  test('by HTTP: healthy, redirects, errors, silence, no HTTP', async () => {
    const instance = await startReady({ PORT: '8080' })
    const get = (path: string) => world.runtime.probe(instance, { kind: 'http', port: 8080, path }, health)
    expect(await get('/')).toEqual({ healthy: true, detail: 'GET / on port 8080 answered 200' })
    expect(await get('/away')).toMatchObject({ healthy: true })
    expect(await get('/broken')).toEqual({
      healthy: false,
      reason: 'unhealthy',
      detail: 'GET /broken on port 8080 answered 500: no database',
    })
    expect(await get('/slow')).toMatchObject({
      healthy: false,
      detail: expect.stringContaining('within 500 ms'),
    })
  })

  test('says where it listens instead', async () => {
    const elsewhere = await startReady({ PORT: '3000' })
    for (const probe of [
      { kind: 'http', port: 8080, path: '/' } as const,
      { kind: 'tcp', port: 8080 } as const,
    ]) {
      expect(await world.runtime.probe(elsewhere, probe, health)).toEqual({
        healthy: false,
        reason: 'notListening',
        detail: 'nothing listens on port 8080',
      })
    }
    expect(await world.runtime.listensElsewhere(elsewhere, 8080)).toBe('; it listens on 3000')
    const inward = await startReady({ PORT: '8080', HOST: '127.0.0.1' })
    expect(await world.runtime.probe(inward, { kind: 'tcp', port: 8080 }, health)).toMatchObject({
      reason: 'notListening',
    })
    expect(await world.runtime.listensElsewhere(inward, 8080)).toContain('127.0.0.1 only')
  })

  test('by TCP, and of one that merely runs', async () => {
    const instance = await startReady({ PORT: '8080' })
    expect(await world.runtime.probe(instance, { kind: 'tcp', port: 8080 }, health)).toMatchObject({
      healthy: true,
    })
    expect(await world.runtime.probe(instance, { kind: 'running' }, health)).toMatchObject({ healthy: true })
    expect(await world.runtime.probe(instance, { kind: 'image' }, health)).toMatchObject({ healthy: false })
    await world.runtime.remove(instance)
    expect(await world.runtime.probe(instance, { kind: 'running' }, health)).toMatchObject({ healthy: false })
  })

  test("by the image's own HEALTHCHECK", async () => {
    const imageDigest = parseImageDigest(
      await world.image({
        Dockerfile: `FROM ${world.digest}
HEALTHCHECK --interval=1s --retries=1 CMD test -e /tmp/well && echo well || (echo "not yet"; exit 1)
CMD ["sh", "-c", "sleep 3; touch /tmp/well; exec sleep 60"]`,
      }),
    )
    expect(await world.runtime.imageFacts(imageDigest)).toMatchObject({ hasHealthcheck: true })
    const instance = await world.runtime.start(specOf(world, { imageDigest }))
    const look = () => world.runtime.probe(instance, { kind: 'image' }, health)
    await vi.waitFor(
      async () => expect(await look()).toMatchObject({ detail: expect.stringContaining('not yet') }),
      {
        timeout: 10_000,
      },
    )
    await vi.waitFor(async () => expect(await look()).toMatchObject({ healthy: true }), { timeout: 20_000 })
  })
})

describe('logs', () => {
  test('both streams, in order, the last so many, those after a moment, long lines in parts', async () => {
    const spec = specOf(world, {
      command: node(
        "console.log('one'); console.error('two'); console.log('x'.repeat(40_000)); setTimeout(() => console.log('last'), 1500); setTimeout(() => {}, 1e6)",
      ),
    })
    const instance = await world.runtime.start(spec)
    const lines = await vi.waitFor(async () => {
      const all = await Array.fromAsync<LogLine>(world.runtime.logs(instance, {}))
      expect(all.at(-1)?.text).toBe('last')
      return all
    }, 10_000)
    expect(lines.filter(({ stream }) => stream === 'stderr').map(({ text }) => text)).toEqual(['two'])
    const long = lines.filter(({ text }) => text.startsWith('x'))
    expect(long.length).toBeGreaterThan(1)
    expect(long.reduce((sum, { text }) => sum + text.length, 0)).toBe(40_000)
    expect(await linesOf(world.runtime, instance, { tail: 1 })).toEqual(['last'])
    const before = lines.at(-2)?.at
    expect(await linesOf(world.runtime, instance, before ? { after: before } : {})).toEqual(['last'])
  })

  test('followed while it prints, over a restart, until the signal', async () => {
    const stop = new AbortController()
    const spec = specOf(world, {
      command: node("console.log('up'); setTimeout(() => process.exit(1), 300)"),
    })
    const instance = await world.runtime.start(spec)
    const seen: string[] = []
    for await (const { text } of world.runtime.logs(instance, { follow: true, signal: stop.signal })) {
      seen.push(text)
      if (seen.length === 3) stop.abort()
    }
    expect(seen).toEqual(['up', 'up', 'up'])
  })
})

describe('a release command', () => {
  const release = (code: string) => specOf(world, { command: node(code) })

  test('gives its lines and its code, and does not run again for a second controller', async () => {
    const spec = specOf(world, {
      command: node("console.log('ran at', process.hrtime.bigint()); process.exit(3)"),
    })
    const lines: string[] = []
    const run = (runtime = world.runtime) =>
      runtime.runOnce(spec, 20_000, ({ text }) => lines.push(text), never)
    expect(await run()).toEqual({ exitCode: 3, outOfMemory: false })
    const successor = createDockerRuntime({ ...world })
    expect(await run(successor)).toEqual({ exitCode: 3, outOfMemory: false })
    expect(lines).toHaveLength(2)
    expect(lines[0]).toBe(lines[1])

    expect(await world.runtime.list(spec.app, spec.deploymentId)).toEqual([])
    await world.runtime.removeOneOff(spec.app, spec.deploymentId)
    await world.runtime.removeOneOff(spec.app, spec.deploymentId)
    const filters = { label: [`dev.tagship.deployment=${spec.deploymentId}`] }
    expect(await world.docker.listContainers({ all: true, filters })).toEqual([])
  })

  test('that runs is picked up by the next controller', async () => {
    const spec = release(
      "console.log('begun', process.hrtime.bigint()); setTimeout(() => console.log('done'), 2500)",
    )
    const stop = new AbortController()
    const first: string[] = []
    const dying = world.runtime.runOnce(
      spec,
      20_000,
      ({ text }) => {
        first.push(text)
        stop.abort()
      },
      stop.signal,
    )
    await expect(dying).rejects.toThrow()
    const second: string[] = []
    const result = await createDockerRuntime({ ...world }).runOnce(
      spec,
      20_000,
      ({ text }) => second.push(text),
      never,
    )
    expect(result.exitCode).toBe(0)
    expect(second).toEqual([first[0], 'done'])
  })

  test('whose container can never be started runs in a new one', async () => {
    const { docker, installation, runtime } = world
    const { address } = await runtime.start(specOf(world))
    const spec = specOf(world, { command: node("console.log('ran'); process.exit(3)") })
    // As a controller leaves it that dies before the start. Somebody else has its address by then.
    const options = containerOptions(spec, 'release-command', { installation, address, machineCpus: 1 })
    const made = await docker.createContainer(options)
    const lines: string[] = []
    const result = await runtime.runOnce(spec, 20_000, ({ text }) => lines.push(text), never)
    expect({ ...result, lines }).toEqual({ exitCode: 3, outOfMemory: false, lines: ['ran'] })
    await expect(made.inspect()).rejects.toMatchObject({ statusCode: 404 })
    await world.runtime.removeOneOff(spec.app, spec.deploymentId)
  })

  test('is ended when its time is up, which a second controller learns as well', async () => {
    const spec = release("console.log('begun'); setInterval(() => {}, 1000)")
    for (const runtime of [world.runtime, createDockerRuntime({ ...world })]) {
      await expect(runtime.runOnce(spec, 1_500, () => {}, never)).rejects.toMatchObject({
        code: 'release.commandTimeout',
      })
    }
    await world.runtime.removeOneOff(spec.app, spec.deploymentId)
  })

  test('that is not there ends with code 127', async () => {
    const spec = specOf(world, { command: ['migrate-now'] })
    const lines: string[] = []
    const result = await world.runtime.runOnce(spec, 5_000, ({ text }) => lines.push(text), never)
    expect(result).toEqual({ exitCode: 127, outOfMemory: false })
    expect(lines).toEqual([expect.stringContaining('migrate-now')])
  })
})
