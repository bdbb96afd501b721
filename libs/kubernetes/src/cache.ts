/** What a cluster has of one kind, kept up to date by its own word: looking at it costs no request. */
import { type KubernetesListObject, type KubernetesObject, makeInformer } from '@kubernetes/client-node'
import type { Cluster } from './clusters.ts'

/** After the API server went away. */
const reopenMs = 1_000

export interface ObjectCache<T> {
  /** As last heard; null while nothing can be heard. */
  list(): readonly T[] | null
  stop(): void
}

/**
 * An informer that never gives up: it lists, watches, lists again where the server says 410 (what was missed is too
 * old), and starts over where the connection or the server is gone.
 */
export function openCache<T extends KubernetesObject>(
  cluster: Cluster,
  path: string,
  list: () => Promise<KubernetesListObject<T>>,
  labelSelector: string,
): ObjectCache<T> {
  let hears = false
  let stopped = false
  const informer = makeInformer(cluster.config, path, list, labelSelector)
  const open = async () => {
    if (stopped) return
    hears = true
    await informer.start()
  }
  informer.on('error', () => {
    hears = false
    setTimeout(() => void open().catch(() => {}), reopenMs).unref()
  })
  let listed = false
  void open()
    .catch(() => {})
    .then(() => {
      listed = true
    })
  return {
    list: () => (listed && hears ? informer.list() : null),
    stop() {
      stopped = true
      void informer.stop()
    },
  }
}
