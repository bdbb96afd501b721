/** One look at whether an instance is healthy: the cluster has to call its pod ready, and it has to answer as asked. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { V1Pod } from '@kubernetes/client-node'
import { type HealthSpec, type Probe, type ProbeResult, statusIsHealthy } from '@tagship/domain'
import type { Instance } from '@tagship/engine'
import { setOf } from '@tagship/kubernetes'
import { type Context, type Spot, spotFor } from './context.ts'
import { listPods } from './list.ts'
import { containerOf, describeWaiting, isReady } from './pod.ts'

/** Every look is a question to the API server, which has other things to do. */
const pauseMs = 200

/** @throws cluster.* */
export async function probeInstance(
  context: Context,
  instance: Instance,
  probe: Probe,
  health: HealthSpec,
): Promise<ProbeResult> {
  const spot = await spotFor(context, instance.app)
  const pods = await listPods(context, spot, { set: setOf(instance.name) })
  const pod = pods[instance.ordinal]
  const result = pod
    ? await probePod(spot, pod, probe, health)
    : unhealthy(instance.note ?? 'there is no pod for it yet')
  if (!result.healthy) await sleep(pauseMs)
  return result
}

async function probePod(spot: Spot, pod: V1Pod, probe: Probe, health: HealthSpec): Promise<ProbeResult> {
  if (!containerOf(pod)?.state?.running) return unhealthy(describeWaiting(pod) ?? 'its pod does not run yet')
  const answer = probe.kind === 'http' ? await askPod(spot, pod, probe, health) : null
  if (answer && !answer.healthy) return answer
  if (isReady(pod)) return answer ?? { healthy: true, detail: 'the cluster calls its pod ready' }
  const what =
    probe.kind === 'tcp' ? `nothing listens on port ${probe.port}, by the cluster's readiness probe` : null
  if (what) return { healthy: false, reason: 'notListening', detail: what }
  return unhealthy(describeWaiting(pod) ?? 'the cluster does not call its pod ready yet')
}

/** Through the API server: it reaches pods also where we do not. */
async function askPod(
  { cluster, namespace }: Spot,
  pod: V1Pod,
  { port, path }: Probe & { readonly kind: 'http' },
  health: HealthSpec,
): Promise<ProbeResult> {
  const name = pod.metadata?.name ?? ''
  const what = `GET ${path} on port ${port}`
  const signal = AbortSignal.timeout(health.timeout)
  const base = `/api/v1/namespaces/${namespace}/pods/${name}:${port}/proxy`
  const answer = await cluster.request({ base, path, signal }).catch((error: unknown) => error)
  if (!(answer !== null && typeof answer === 'object' && 'status' in answer && 'text' in answer)) {
    const detail = signal.aborted ? `no answer within ${health.timeout} ms` : String(answer)
    return unhealthy(`${what}: ${detail}`)
  }
  const response = answer as Awaited<ReturnType<typeof cluster.request>>
  if (statusIsHealthy(health, response.status)) {
    await response.body?.cancel()
    return { healthy: true, detail: `${what} answered ${response.status}` }
  }
  const words = (await response.text().catch(() => '')).trim()
  if (/connection refused/.test(words))
    return { healthy: false, reason: 'notListening', detail: `nothing listens on port ${port}` }
  const [line] = words.split('\n')
  return unhealthy(`${what} answered ${response.status}${line ? `: ${line.slice(0, 200)}` : ''}`)
}

function unhealthy(detail: string): ProbeResult {
  return { healthy: false, reason: 'unhealthy', detail }
}
