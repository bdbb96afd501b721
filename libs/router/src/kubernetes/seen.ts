/** Services and Ingresses of a namespace, as last heard. */
import type { V1Ingress, V1Service } from '@kubernetes/client-node'
import { type Cluster, labelSelector, type ObjectCache, openCache, serviceName } from '@tagship/kubernetes'
import { hostsOf } from './ingress.ts'
import { type RouteState, type Spot, stateOf } from './services.ts'

export interface Seen {
  /** Null where there is no Service. */
  readonly state: RouteState | null
  readonly hosts: readonly string[]
}

export interface Sight {
  /** What there is of the app; null while nothing is heard of its cluster. */
  look(spot: Spot): Seen | null
  /** Namespaces that no app is in any more need not be listened to. */
  keep(spots: readonly Spot[]): void
}

interface Caches {
  readonly services: ObjectCache<V1Service>
  readonly ingresses: ObjectCache<V1Ingress>
}

export function createSight(installation: string): Sight {
  const open = new Map<string, Caches>()
  const selector = labelSelector({ 'dev.tagship': installation, 'dev.tagship.role': 'service' })
  return {
    look(spot) {
      const key = keyOf(spot)
      const caches = open.get(key) ?? openCaches(spot, selector)
      open.set(key, caches)
      const [services, ingresses] = [caches.services.list(), caches.ingresses.list()]
      if (!services || !ingresses) return null
      const isOurs = (object: V1Service | V1Ingress) => object.metadata?.name === serviceName(spot.app)
      const service = services.find(isOurs)
      return { state: service ? stateOf(service) : null, hosts: hostsOf(ingresses.find(isOurs) ?? null) }
    },
    keep(spots) {
      const wanted = new Set(spots.map(keyOf))
      for (const [key, { services, ingresses }] of open) {
        if (wanted.has(key)) continue
        services.stop()
        ingresses.stop()
        open.delete(key)
      }
    },
  }
}

function keyOf({ cluster, namespace }: { readonly cluster: Cluster; readonly namespace: string }): string {
  return `${cluster.server} ${namespace}`
}

function openCaches({ cluster, namespace }: Spot, selector: string): Caches {
  const asked = { namespace, labelSelector: selector }
  return {
    services: openCache(
      cluster,
      `/api/v1/namespaces/${namespace}/services`,
      () => cluster.core.listNamespacedService(asked),
      selector,
    ),
    ingresses: openCache(
      cluster,
      `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses`,
      () => cluster.networking.listNamespacedIngress(asked),
      selector,
    ),
  }
}
