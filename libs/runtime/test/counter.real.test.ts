/** A program and its counter, as two containers that share their network as those of a pod do. */
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { Agent, type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { parseImageDigest } from '@tagship/domain'
import { dockerScope } from '@tagship/tests/docker'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { counterConfig, counterContainer } from '../src/kubernetes/counter.ts'
import { node, specOf } from './world.ts'

const program = `
require('node:http').createServer((request, response) => {
  if (request.url === '/slow') setTimeout(() => response.end('at last'), 3000)
  else response.end('fine')
}).listen(8080)
process.on('SIGTERM', () => process.exit())
`

describe('the counter of a pod that is to end', () => {
  it('sends clients away while all works, then closes what is idle, and ends after the last answer', async () => {
    const pod = await startPod()
    const [busy, idle, waiting] = [pod.client(), pod.client(), pod.client()]
    expect(await busy.get('/')).toBe('200 keep-alive fine')
    await idle.get('/')
    const last = waiting.get('/slow')

    await pod.runsFarewell()
    expect(await busy.get('/'), 'on a connection that was kept').toBe('200 close fine')
    expect(await pod.client().get('/'), 'on a new one: a node may know of it for a while').toBe(
      '200 close fine',
    )
    expect(idle.isOpen()).toBe(true)

    await pod.counter.kill({ signal: 'SIGTERM' })
    await vi.waitFor(() => expect(idle.isOpen()).toBe(false))
    expect(await last).toBe('200 close at last')
    expect(await pod.counter.wait()).toMatchObject({ StatusCode: 0 })
  })
})

async function startPod() {
  const { docker, installation } = dockerScope(onTestFinished)
  const folder = await mkdtemp(join(tmpdir(), 'tagship-counter-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await chmod(folder, 0o755)
  await writeFile(join(folder, 'counter.cfg'), counterConfig(8_080))
  const spec = specOf({ digest: parseImageDigest(`sha256:${'a'.repeat(64)}`) })
  const made = counterContainer('tagship/router:1', { spec, port: 8_080, drainSeconds: 1 })
  const Labels = { 'dev.tagship': installation }
  const beside = await docker.createContainer({ Image: 'tagship/base:1', Cmd: node(program), Labels })
  await beside.start()
  const counter = await docker.createContainer({
    Image: 'tagship/router:1',
    Cmd: made.command ?? [],
    User: `${made.securityContext?.runAsUser}`,
    Labels,
    HostConfig: {
      NetworkMode: `container:${beside.id}`,
      Binds: [`${folder}:/tagship:ro`],
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
    },
  })
  await counter.start()
  const { NetworkSettings } = await beside.inspect()
  const address = NetworkSettings.Networks.bridge?.IPAddress ?? ''
  const client = () => clientOf({ host: address, port: made.ports?.[0]?.containerPort ?? 0 })
  await vi.waitFor(async () => expect(await client().get('/')).toBe('200 keep-alive fine'), 10_000)
  return {
    counter,
    client,
    /** As the cluster does before it sends SIGTERM; resolves when the drain is over. */
    async runsFarewell() {
      const Cmd = made.lifecycle?.preStop?.exec?.command ?? []
      const hook = await counter.exec({ Cmd, AttachStdout: true, AttachStderr: true })
      const output = await hook.start({})
      await once(output.resume(), 'end')
      expect(await hook.inspect()).toMatchObject({ ExitCode: 0 })
    },
  }
}

/** With one connection, which it keeps as long as it may. */
function clientOf(address: { host: string; port: number }) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  onTestFinished(() => agent.destroy())
  let socket: Socket | null = null
  return {
    /** @returns status, what becomes of the connection, and the text */
    async get(path: string): Promise<string> {
      const asked = request({ ...address, path, agent }).end()
      const [answer] = (await once(asked, 'response')) as [IncomingMessage]
      socket = answer.socket
      return `${answer.statusCode} ${answer.headers.connection ?? 'keep-alive'} ${await text(answer)}`
    },
    isOpen: () => socket?.destroyed === false,
  }
}
