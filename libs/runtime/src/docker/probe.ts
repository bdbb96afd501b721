/** One look at whether an instance is healthy, in the way that its manifest or its image asks for. */
import { request } from 'node:http'
import { connect } from 'node:net'
import { type HealthSpec, type Probe, type ProbeResult, statusIsHealthy } from '@tagship/domain'
import type { Instance } from '@tagship/engine'
import { type Context, inspectContainer } from './engine.ts'

/** Never throws for what the instance does. @throws engine.* */
export async function probeInstance(
  context: Context,
  instance: Instance,
  probe: Probe,
  health: HealthSpec,
): Promise<ProbeResult> {
  if (probe.kind === 'image' || probe.kind === 'running') return askImage(context, instance, probe.kind)
  if (instance.address === null) return unhealthy('it does not run')
  const { address } = instance
  try {
    return probe.kind === 'tcp'
      ? await probeTcp(address, probe.port, health.timeout)
      : await probeHttp(address, probe.port, probe.path, health)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code === 'ECONNREFUSED') {
      const detail = `nothing listens on port ${probe.port}`
      return { healthy: false, reason: 'notListening', detail }
    }
    const what = probe.kind === 'tcp' ? `port ${probe.port}` : `GET ${probe.path} on port ${probe.port}`
    return unhealthy(`${what}: ${wordsFor(code, error, health.timeout)}`)
  }
}

/** Redirects are answers like any other; the body is read no further than the first words of a failure. */
function probeHttp(host: string, port: number, path: string, health: HealthSpec): Promise<ProbeResult> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(health.timeout)
    const headers = { 'user-agent': 'tagship-probe' }
    const asking = request({ host, port, path, agent: false, signal, headers }, (response) => {
      const status = response.statusCode ?? 0
      const answer = `GET ${path} on port ${port} answered ${status}`
      response.on('error', reject)
      if (statusIsHealthy(health, status)) {
        resolve({ healthy: true, detail: answer })
        asking.destroy()
        return
      }
      const settle = (text: string) => {
        const words = text.trim().split('\n')[0]?.slice(0, 200)
        resolve(unhealthy(words ? `${answer}: ${words}` : answer))
        asking.destroy()
      }
      response.once('data', (chunk: Buffer) => settle(chunk.toString('utf8')))
      response.once('end', () => settle(''))
    })
    asking.on('error', reject)
    asking.end()
  })
}

function probeTcp(host: string, port: number, timeoutMs: number): Promise<ProbeResult> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs)
    const socket = connect({ host, port, signal }, () => {
      resolve({ healthy: true, detail: `port ${port} takes connections` })
      socket.destroy()
    })
    socket.on('error', reject)
  })
}

function wordsFor(code: string, error: unknown, timeoutMs: number): string {
  if (code === 'ABORT_ERR' || code === 'ETIMEDOUT') return `no answer within ${timeoutMs} ms`
  if (code === 'ECONNRESET') return 'the connection was closed without an answer'
  if (code.startsWith('HPE_')) return 'the answer is not HTTP'
  return error instanceof Error ? error.message : String(error)
}

/** What the engine knows: whether it runs, and what the image's HEALTHCHECK, in its own interval, has found. */
async function askImage(context: Context, { id }: Instance, kind: 'image' | 'running'): Promise<ProbeResult> {
  const state = (await inspectContainer(context, id))?.State
  if (!state?.Running) return unhealthy('it does not run')
  if (kind === 'running') return { healthy: true, detail: 'it runs' }
  const status = state.Health?.Status ?? 'none'
  if (status === 'none') return unhealthy('the image has no HEALTHCHECK')
  const words = state.Health?.Log.at(-1)?.Output.trim().split('\n')[0]?.slice(0, 200)
  const detail = `HEALTHCHECK of the image: ${status}${words ? `: ${words}` : ''}`
  return status === 'healthy' ? { healthy: true, detail } : unhealthy(detail)
}

function unhealthy(detail: string): ProbeResult {
  return { healthy: false, reason: 'unhealthy', detail }
}
