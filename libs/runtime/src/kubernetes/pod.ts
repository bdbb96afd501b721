/** A pod, as the cluster describes it. */
import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node'
import type { Instance } from '@tagship/engine'

/** The one container of it. */
export function containerOf({ status }: V1Pod): V1ContainerStatus | undefined {
  return status?.containerStatuses?.[0]
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
  const waiting = containerOf(pod)?.state?.waiting
  if (!waiting?.reason || waiting.reason === 'ContainerCreating' || waiting.reason === 'PodInitializing')
    return null
  return waiting.message ? `${waiting.reason}: ${waiting.message}` : waiting.reason
}
