/** The clusters' own word that something has become of an instance. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { V1Pod } from '@kubernetes/client-node'
import { labelSelector, watchObjects } from '@tagship/kubernetes'
import { allSpots, type Context, type Spot } from './context.ts'

/** Apps come to new namespaces, and leave. */
const lookMs = 5_000

/** Never throws. @param onChange gets the id of the deployment, or null where something may have been missed */
export async function watchInstances(
  context: Context,
  onChange: (deploymentId: string | null) => void,
  signal: AbortSignal,
): Promise<void> {
  const watched = new Map<string, AbortController>()
  const selector = labelSelector({ 'dev.tagship': context.installation, 'dev.tagship.role': 'set' })
  while (!signal.aborted) {
    // Until it is known where apps are, what is watched stays watched.
    const spots = await allSpots(context).catch(() => null)
    if (spots) follow(spots)
    await sleep(lookMs, undefined, { signal }).catch(() => {})
  }
  for (const stop of watched.values()) stop.abort()

  function follow(spots: readonly Spot[]): void {
    const wanted = new Map(spots.map((spot) => [`${spot.cluster.server} ${spot.namespace}`, spot]))
    for (const [key, stop] of watched) {
      if (wanted.has(key)) continue
      stop.abort()
      watched.delete(key)
    }
    for (const [key, spot] of wanted) {
      if (watched.has(key)) continue
      const stop = new AbortController()
      watched.set(key, stop)
      const changed = (pod: V1Pod | null) =>
        onChange(pod?.metadata?.labels?.['dev.tagship.deployment'] ?? null)
      const path = `/api/v1/namespaces/${spot.namespace}/pods`
      void watchObjects<V1Pod>(() => spot.cluster, path, selector, changed, stop.signal)
    }
  }
}
