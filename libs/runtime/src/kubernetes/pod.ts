/** A pod, as the cluster describes it. */
import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node'
import type { Instance } from '@tagship/engine'

/** The name of the container that the app's program runs in, whatever else is in the pod. */
export function containerNameOf({ metadata }: V1Pod): string {
  return metadata?.labels?.['dev.tagship.process'] ?? ''
}

/** What the cluster says of that container. */
export function containerOf(pod: V1Pod): V1ContainerStatus | undefined {
  return pod.status?.containerStatuses?.find(({ name }) => name === containerNameOf(pod))
}

export function isReady({ status }: V1Pod): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false
}

/** Being removed, or evicted: another one takes its place. */
export function isGoing({ metadata, status }: V1Pod): boolean {
  return (
    metadata?.deletionTimestamp !== undefined || status?.phase === 'Failed' || status?.phase === 'Succeeded'
  )
}

/** @param settled it belongs to a set that was complete: one that does not run yet stands in for one that did */
export function toState(pod: V1Pod, settled: boolean): Instance['state'] {
  const { state, restartCount = 0 } = containerOf(pod) ?? {}
  if (state?.running) return 'running'
  if (restartCount > 0 || state?.terminated) return 'restarting'
  return settled ? 'replacing' : 'created'
}

/** Why it does not run, in the cluster's own words; null where nothing is wrong with it. */
export function describeWaiting(pod: V1Pod): string | null {
  const unscheduled = pod.status?.conditions?.find(
    ({ type, status }) => type === 'PodScheduled' && status === 'False',
  )
  if (unscheduled) return `${unscheduled.reason}: ${unscheduled.message}`
  const own = containerNameOf(pod)
  const stuck = pod.status?.containerStatuses
    ?.toSorted((a, b) => Number(b.name === own) - Number(a.name === own))
    .find(({ state }) => state?.waiting?.reason && !beginnings.includes(state.waiting.reason))
  if (!stuck) return null
  const { reason = '', message } = stuck.state?.waiting ?? {}
  const words = message ? `${reason}: ${message}` : reason
  return stuck.name === own ? words : `${stuck.name}: ${words}`
}

/** Nothing is wrong with a container that is waiting for these. */
const beginnings = ['ContainerCreating', 'PodInitializing']
