/** What the tests of the runtime share: an image with a few small programs, and specs to run them. */
import { randomUUID } from 'node:crypto'
import { parseAppName, parseImageDigest, parseManifest, parseProcessName } from '@tagship/domain'
import type { Instance, InstanceSpec, LogLine, LogOptions, Runtime } from '@tagship/engine'
import { createLogger } from '@tagship/kit'
import { dockerScope } from '@tagship/tests/docker'
import { createDockerRuntime } from '../src/index.ts'

const serve = `
const { createServer } = require('node:http')
const server = createServer((request, response) => {
  if (request.url === '/slow') return
  response.statusCode = request.url === '/broken' ? 500 : request.url === '/away' ? 302 : 200
  response.end(request.url === '/broken' ? 'no database\\nat line 3' : 'fine')
})
server.listen(Number(process.env.PORT), process.env.HOST ?? '0.0.0.0', () => console.log('ready'))
process.on('SIGTERM', () => { console.log('goodbye'); process.exit(0) })
`

const inspect = `
const fs = require('node:fs')
const attempt = (path) => { try { fs.writeFileSync(path, 'x'); return 'written' } catch (error) { return error.code } }
const status = fs.readFileSync('/proc/self/status', 'utf8')
console.log(JSON.stringify({
  root: attempt('/x'), tmp: attempt('/tmp/x'), uid: process.getuid(), env: process.env.GREETING,
  capabilities: /CapEff:\\s*(\\S+)/.exec(status)[1], noNewPrivileges: /NoNewPrivs:\\s*(\\d)/.exec(status)[1],
  tmpOptions: fs.readFileSync('/proc/mounts', 'utf8').split('\\n').find((row) => row.includes(' /tmp ')),
}))
setInterval(() => {}, 1000)
`

const dockerfile = `FROM tagship/base:1
COPY . /app
EXPOSE 8080/tcp 53/udp 3000
USER 1234
CMD ["node", "/app/serve.js"]`

export type World = Awaited<ReturnType<typeof createWorld>>

export async function createWorld(onEnd: Parameters<typeof dockerScope>[0]) {
  const scope = dockerScope(onEnd)
  const digest = parseImageDigest(
    await scope.image({ 'serve.js': serve, 'inspect.js': inspect, Dockerfile: dockerfile }),
  )
  const log = createLogger('test', 'silent')
  const runtime = createDockerRuntime({ ...scope, log })
  return { ...scope, digest, log, runtime }
}

let deployments = 0

export function specOf(world: Pick<World, 'digest'>, overrides: Partial<InstanceSpec> = {}): InstanceSpec {
  deployments += 1
  return {
    app: parseAppName('shop'),
    deploymentId: randomUUID(),
    deploymentNumber: deployments,
    release: 3,
    slot: 'green',
    process: parseProcessName('web'),
    ordinal: 0,
    replicas: 1,
    replica: 0,
    port: 8080,
    counted: false,
    health: null,
    imageDigest: world.digest,
    command: null,
    env: { PORT: '8080', GREETING: 'two words' },
    memoryBytes: 128 * 1024 ** 2,
    cpus: 64,
    drainMs: 0,
    stopMs: 5_000,
    filesystem: parseManifest(null).filesystem,
    ...overrides,
  }
}

export async function linesOf(
  runtime: Runtime,
  instance: Instance,
  options: LogOptions = {},
): Promise<string[]> {
  const lines = await Array.fromAsync<LogLine>(runtime.logs(instance, options))
  return lines.map(({ text }) => text)
}

/** `node -e CODE`. */
export function node(code: string): string[] {
  return ['node', '-e', code]
}
