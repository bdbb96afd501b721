/** The API server's own word that something has changed. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Watch } from '@kubernetes/client-node'
import type { Cluster } from './clusters.ts'

/** After a watch has ended, however it did. */
const reopenMs = 1_000

/** A watch is opened anew after this time at the latest (the library ends one that is silent for as long). */
const resyncSeconds = 30

/**
 * Calls `onChange` with each object that changes, and with null whenever changes may have been missed: at the start,
 * and after each end of the watch (the server's time is over, it went away, or it says 410: too old). Never throws.
 */
export async function watchObjects<T>(
  cluster: () => Cluster,
  path: string,
  selector: string,
  onChange: (object: T | null) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await watchOnce(cluster, path, selector, onChange, signal).catch(() => {})
    await sleep(reopenMs, undefined, { signal }).catch(() => {})
  }
}

async function watchOnce<T>(
  cluster: () => Cluster,
  path: string,
  labelSelector: string,
  onChange: (object: T | null) => void,
  signal: AbortSignal,
): Promise<void> {
  const watch = new Watch(cluster().config)
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  const query = { labelSelector, timeoutSeconds: resyncSeconds }
  const handle: { controller?: AbortController } = {}
  handle.controller = await watch.watch(
    path,
    query,
    (type: string, object: T) => {
      if (type === 'ERROR') return handle.controller?.abort()
      onChange(object)
    },
    () => resolve(),
  )
  onChange(null)
  const stop = () => handle.controller?.abort()
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  await ended
  signal.removeEventListener('abort', stop)
}
