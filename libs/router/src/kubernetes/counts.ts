/** What the counters in the pods of a set have counted. Only pods whose manifest asks for it have one. */
import type { V1Pod } from '@kubernetes/client-node'
import type { SlotTraffic } from '@tagship/engine'
import { askCluster, counterBackend, countsPort, labelSelector, setLabel } from '@tagship/kubernetes'
import type { Spot } from './services.ts'

/** Of one pod, since its counter began. */
export interface Counts extends SlotTraffic {
  /** Milliseconds until an answer began, on average over the last 1,024 requests. */
  readonly responseMs: number
}

/** A pod with a counter. */
export interface CountedPod {
  readonly name: string
  readonly isReady: boolean
  /** Null where it does not answer: it is starting, or on its way out. */
  readonly counts: Counts | null
}

/** Of the whole set. */
export function sumCounts(pods: readonly CountedPod[]): SlotTraffic {
  const sum = (of: keyof SlotTraffic) => pods.reduce((total, { counts }) => total + (counts?.[of] ?? 0), 0)
  return { requests: sum('requests'), serverErrors: sum('serverErrors'), inFlight: sum('inFlight') }
}

/** In no order; null where the set has pods, and none of them a counter. @throws cluster.* */
export async function readCounts(spot: Spot, set: string): Promise<CountedPod[] | null> {
  const { cluster, namespace, installation } = spot
  const selector = labelSelector({ 'dev.tagship': installation, [setLabel]: set })
  const { items } = await askCluster(`listing pods of ${set}`, () =>
    cluster.core.listNamespacedPod({ namespace, labelSelector: selector }),
  )
  const pods = items.flatMap((pod) => {
    const port = portOfCounts(pod)
    return port === null ? [] : [{ name: pod.metadata?.name ?? '', isReady: isReady(pod), port }]
  })
  if (items.length > 0 && pods.length === 0) return null
  return Promise.all(
    pods.map(async ({ name, isReady, port }) => ({
      name,
      isReady,
      counts: await askCounter(spot, name, port),
    })),
  )
}

function portOfCounts({ spec }: V1Pod): number | null {
  const ports = spec?.containers.flatMap(({ ports }) => ports ?? []) ?? []
  return ports.find(({ name }) => name === countsPort)?.containerPort ?? null
}

function isReady({ metadata, status }: V1Pod): boolean {
  const ready = status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false
  return ready && metadata?.deletionTimestamp === undefined
}

/** Through the API server: it reaches pods also where we do not. */
async function askCounter({ cluster, namespace }: Spot, pod: string, port: number): Promise<Counts | null> {
  const base = `/api/v1/namespaces/${namespace}/pods/${pod}:${port}/proxy`
  const response = await cluster.request({ base, path: '/metrics?scope=backend' }).catch(() => null)
  if (response?.status !== 200) {
    await response?.body?.cancel()
    return null
  }
  return parseCounts(await response.text())
}

/** @param text https://docs.haproxy.org/3.0/configuration.html, "prometheus-exporter": `name{labels} value`, a line each */
export function parseCounts(text: string): Counts {
  const labels = `proxy="${counterBackend}"`
  const figure = (name: string, more = '') => {
    const line = text
      .split('\n')
      .find((line) => line.startsWith(`haproxy_backend_${name}{${labels}${more}} `))
    return Number(line?.slice(line.lastIndexOf(' ') + 1) ?? 0)
  }
  return {
    requests: figure('http_requests_total'),
    serverErrors: figure('http_responses_total', ',code="5xx"'),
    inFlight: figure('current_sessions'),
    responseMs: Math.round(figure('response_time_average_seconds') * 1_000),
  }
}
