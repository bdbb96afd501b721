import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test, vi } from 'vitest'
import { createAskEngine, createDocker, engineStatus } from '../src/docker.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  vi.unstubAllEnvs()
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

class Trouble extends Error {
  readonly trouble: string
  constructor(trouble: string, detail: string, cause: unknown) {
    super(detail, { cause })
    this.trouble = trouble
  }
}
const ask = createAskEngine((trouble, detail, cause) => new Trouble(trouble, detail, cause))

/** An engine that answers as told: a fault that no real one can be made to have at will. */
async function engineThat(answers: RequestListener) {
  const folder = await mkdtemp(join(tmpdir(), 'engine-'))
  const server = createServer(answers)
  const socket = join(folder, 'docker.sock')
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  cleanups.push(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await rm(folder, { recursive: true })
  })
  return dockerAt(socket)
}

function dockerAt(socket: string) {
  vi.stubEnv('DOCKER_HOST', `unix://${socket}`)
  return createDocker()
}

test('an engine that hangs', async () => {
  const docker = await engineThat(() => {})
  const asking = ask('listing', (abortSignal) => docker.listContainers({ abortSignal }), 100)
  await expect(asking).rejects.toMatchObject({
    trouble: 'timeout',
    message: 'listing: no answer within 0.1 s',
  })
  await expect(ask('asking', () => docker.version(), 100)).rejects.toMatchObject({ trouble: 'timeout' })
})

test('an engine that is not there, or hangs up', async () => {
  const nowhere = dockerAt('/nonexistent/docker.sock')
  await expect(ask('asking', () => nowhere.version())).rejects.toMatchObject({ trouble: 'unavailable' })
  const rude = await engineThat((request) => request.socket.destroy())
  await expect(ask('asking', () => rude.version())).rejects.toMatchObject({ trouble: 'unavailable' })
})

test('an engine that refuses: its words and its status', async () => {
  const docker = await engineThat((_, response) => {
    response.writeHead(409, { 'content-type': 'application/json' })
    response.end('{"message":"name is taken - by x"}')
  })
  const error = await ask('making', () => docker.createContainer({ name: 'x' })).catch((it: unknown) => it)
  expect(error).toMatchObject({ trouble: 'failed', message: 'making: name is taken - by x' })
  expect(engineStatus(error)).toBe(409)
})

test('a file that is missing is not an engine that is missing', async () => {
  const missing = Object.assign(new Error('no such file'), { code: 'ENOENT', syscall: 'open' })
  await expect(ask('building', () => Promise.reject(missing))).rejects.toMatchObject({ trouble: 'failed' })
})

test('a call that has ended is not held until its time is over', async () => {
  let signal: AbortSignal | null = null
  const call = async (its: AbortSignal) => {
    signal = its
    return 'answered'
  }
  expect(await ask('asking', call, 20)).toBe('answered')
  await sleep(60)
  expect(signal).toMatchObject({ aborted: false })
})
