/** The release command: a pod that runs once, and stays after its end as the proof that it has run. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { V1Pod } from '@kubernetes/client-node'
import { formatDuration, TagshipError } from '@tagship/domain'
import type { InstanceSpec, LogLine } from '@tagship/engine'
import { askCluster, unlessStatus } from '@tagship/kubernetes'
import { type Context, type Spot, spotFor } from './context.ts'
import { readPodLog } from './logs.ts'
import { containerOf, describeWaiting } from './pod.ts'
import { podTemplate } from './pod-template.ts'
import { ensureEnvironment, prepareTemplate, startError } from './start.ts'

const lookMs = 200

/**
 * The cluster itself ends it when its time is over, whoever watches. A run that is picked up gives its lines from the
 * beginning; aborting ends the wait and not the run.
 * @throws release.commandTimeout, instance.startFailed, image.missing, registry.*, cluster.*
 */
export async function runOnce(
  context: Context,
  spec: InstanceSpec,
  timeoutMs: number,
  onLine: (line: LogLine) => void,
  signal: AbortSignal,
): Promise<{ exitCode: number; outOfMemory: boolean }> {
  const spot = await spotFor(context, spec.app)
  const name = `${spec.app}-${spec.deploymentNumber}-release`
  const pod = await ensurePod(context, spot, spec, name, timeoutMs)
  await ensureEnvironment(spot, context.installation, spec, false, {
    apiVersion: 'v1',
    kind: 'Pod',
    name,
    uid: pod.metadata?.uid ?? '',
  })
  let said: string | null = null
  const begun = await waitFor(spot, name, signal, (now) => {
    said = describeWaiting(now) ?? said
    return hasBegun(now)
  })
  for await (const line of readPodLog(spot, begun, { follow: true, signal })) onLine(line)
  const ended = await waitFor(spot, name, signal, hasEnded)
  const end = containerOf(ended)?.state?.terminated
  if (ended.status?.reason === 'DeadlineExceeded') {
    const what = `\`${spec.command?.join(' ') ?? 'the release command'}\``
    if (!end && said) throw new TagshipError('instance.startFailed', `${what} was never started: ${said}`)
    throw new TagshipError(
      'release.commandTimeout',
      `${what} was ended after ${formatDuration(timeoutMs)} (release.timeout)`,
    )
  }
  if (!end) throw new TagshipError('cluster.refused', `pod ${name} has ended: ${ended.status?.message ?? ''}`)
  return { exitCode: end.exitCode, outOfMemory: end.reason === 'OOMKilled' }
}

async function ensurePod(
  context: Context,
  spot: Spot,
  spec: InstanceSpec,
  name: string,
  timeoutMs: number,
): Promise<V1Pod> {
  const { cluster, namespace } = spot
  const present = await unlessStatus(readPod(spot, name), 404)
  if (present) return present
  const { metadata, spec: podSpec } = podTemplate(
    await prepareTemplate(context, spot, spec),
    'release-command',
  )
  if (!podSpec) throw new TagshipError('internal', 'a pod without a spec')
  const body: V1Pod = {
    metadata: { ...metadata, name },
    spec: { ...podSpec, activeDeadlineSeconds: Math.max(1, Math.ceil(timeoutMs / 1_000)) },
  }
  const creating = askCluster(`making pod ${name}`, () =>
    cluster.core.createNamespacedPod({ namespace, body }),
  )
  const made = await unlessStatus(creating, 409).catch((error: unknown) => {
    throw startError(spec, error)
  })
  return made ?? readPod(spot, name)
}

function readPod({ cluster, namespace }: Spot, name: string): Promise<V1Pod> {
  return askCluster(`looking at pod ${name}`, () => cluster.core.readNamespacedPod({ namespace, name }))
}

async function waitFor(
  spot: Spot,
  name: string,
  signal: AbortSignal,
  isSo: (pod: V1Pod) => boolean,
): Promise<V1Pod> {
  for (;;) {
    const pod = await readPod(spot, name)
    if (isSo(pod)) return pod
    signal.throwIfAborted()
    await sleep(lookMs)
  }
}

function hasBegun(pod: V1Pod): boolean {
  const state = containerOf(pod)?.state
  return Boolean(state?.running ?? state?.terminated) || hasEnded(pod)
}

function hasEnded({ status }: V1Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed'
}
