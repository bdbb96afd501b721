/** What there is of an app on its cluster: instances are places in a set, and pods fill them. */
import type { V1Deployment, V1Pod } from '@kubernetes/client-node'
import { type AppName, parseAppName, parseProcessName, type Slot } from '@tagship/domain'
import type { Instance } from '@tagship/engine'
import {
  askCluster,
  instanceName,
  labelSelector,
  replicasAnnotation,
  setLabel,
  unlessStatus,
} from '@tagship/kubernetes'
import { type Context, findSpot, type Spot } from './context.ts'
import { containerOf, describeWaiting, isGoing, toState } from './pod.ts'

/** The exit code of a program that was ended by SIGKILL. */
const killedCode = 137

export interface Asked {
  readonly app?: AppName
  readonly deploymentId?: string
  /** The name of one set. */
  readonly set?: string
}

/** In the order of deployments and ordinals; two calls. @throws cluster.* */
export async function listInstances(
  context: Context,
  app: AppName,
  deploymentId?: string,
): Promise<Instance[]> {
  const spot = await findSpot(context, app)
  return spot ? listAt(context, spot, { app, ...(deploymentId === undefined ? {} : { deploymentId }) }) : []
}

export async function listAt(context: Context, spot: Spot, asked: Asked): Promise<Instance[]> {
  const [sets, pods] = await Promise.all([listSets(context, spot, asked), listPods(context, spot, asked)])
  return sets.flatMap((set) => {
    const name = set.metadata?.name ?? ''
    return toInstances(
      set,
      pods.filter((pod) => pod.metadata?.labels?.[setLabel] === name),
    )
  })
}

async function listSets(
  { installation }: Context,
  { cluster, namespace }: Spot,
  asked: Asked,
): Promise<V1Deployment[]> {
  const listing = askCluster(`listing Deployments in ${namespace}`, () =>
    cluster.apps.listNamespacedDeployment({ namespace, labelSelector: selectorOf(installation, asked) }),
  )
  const numberOf = ({ metadata }: V1Deployment) => Number(metadata?.labels?.['dev.tagship.deployment-number'])
  const { items } = (await unlessStatus(listing, 404)) ?? { items: [] }
  // What is being removed is nobody's any more, though its pods still finish what they have.
  const present = items.filter(({ metadata }) => !metadata?.deletionTimestamp)
  return present.sort(
    (a, b) => numberOf(a) - numberOf(b) || (a.metadata?.name ?? '').localeCompare(b.metadata?.name ?? ''),
  )
}

/** Oldest first, without those that are on their way out. */
export async function listPods(
  { installation }: Context,
  { cluster, namespace }: Spot,
  asked: Asked,
): Promise<V1Pod[]> {
  const { items } = await askCluster(`listing pods in ${namespace}`, () =>
    cluster.core.listNamespacedPod({ namespace, labelSelector: selectorOf(installation, asked) }),
  )
  return items
    .filter((pod) => !isGoing(pod))
    .sort((a, b) => timeOf(a) - timeOf(b) || nameOf(a).localeCompare(nameOf(b)))
}

function selectorOf(installation: string, { app, deploymentId, set }: Asked): string {
  return labelSelector({
    'dev.tagship': installation,
    'dev.tagship.role': 'set',
    'dev.tagship.app': app,
    'dev.tagship.deployment': deploymentId,
    [setLabel]: set,
  })
}

function timeOf({ metadata }: V1Pod): number {
  return metadata?.creationTimestamp?.getTime() ?? 0
}

function nameOf({ metadata }: V1Pod): string {
  return metadata?.name ?? ''
}

function toInstances(set: V1Deployment, pods: readonly V1Pod[]): Instance[] {
  const labels = set.metadata?.labels ?? {}
  const label = (name: string) => labels[`dev.tagship.${name}`] ?? ''
  const name = set.metadata?.name ?? ''
  const replicas = Number(set.metadata?.annotations?.[replicasAnnotation] ?? set.spec?.replicas ?? 0)
  const note = findDrift(set, pods)
  const waits = describeSetTrouble(set)
  return Array.from({ length: replicas }, (_, replica) => {
    const pod = pods[replica]
    const container = pod && containerOf(pod)
    const end = container?.lastState?.terminated ?? container?.state?.terminated
    return {
      id: `${set.metadata?.uid}/${replica}`,
      name: instanceName(name, replica),
      app: parseAppName(label('app')),
      deploymentId: label('deployment'),
      release: Number(label('release')),
      slot: slotOf(label('slot')),
      process: parseProcessName(label('process')),
      ordinal: replica,
      address: pod?.status?.podIP ?? null,
      restarts: container?.restartCount ?? 0,
      exitCode: end?.exitCode ?? null,
      // Whatever the cluster calls it: who else kills a program that nobody stops?
      outOfMemory: end?.reason === 'OOMKilled' || end?.exitCode === killedCode,
      health: 'none' as const,
      ...(note !== null
        ? { state: 'exited' as const, note }
        : {
            state: pod ? toState(pod, wasComplete(set)) : missing(set),
            note: pod ? describeWaiting(pod) : waits,
          }),
    }
  })
}

function slotOf(text: string): Slot {
  return text === 'green' ? 'green' : 'blue'
}

function missing(set: V1Deployment): Instance['state'] {
  return wasComplete(set) ? 'replacing' : 'created'
}

/** Every instance of it has been available at the same time once: what is missing now, the cluster brings back. */
function wasComplete({ status }: V1Deployment): boolean {
  return (
    status?.conditions?.some(
      ({ type, reason }) => type === 'Progressing' && reason === 'NewReplicaSetAvailable',
    ) ?? false
  )
}

/** Why there are no pods, where the cluster says so: a quota, say, or an admission that refuses them. */
function describeSetTrouble({ status }: V1Deployment): string | null {
  const failure = status?.conditions?.find(
    ({ type, status: is }) => type === 'ReplicaFailure' && is === 'True',
  )
  return failure ? `${failure.reason}: ${failure.message}` : null
}

/**
 * What somebody has made of it. A set is made once and never changed: its generation grows with every change of what it
 * should be, and pods run the image that its template names.
 */
function findDrift(set: V1Deployment, pods: readonly V1Pod[]): string | null {
  const name = set.metadata?.name ?? ''
  const generation = set.metadata?.generation ?? 1
  if (generation > 1) {
    const wanted = Number(set.metadata?.annotations?.[replicasAnnotation])
    const scaled =
      set.spec?.replicas === wanted ? '' : ` (${set.spec?.replicas} replicas instead of ${wanted})`
    return `somebody has changed Deployment ${name}${scaled}: nothing running is ever patched`
  }
  const images = set.spec?.template.spec?.containers ?? []
  // A cluster may add containers of its own to a pod.
  const patched = pods.find(({ spec }) =>
    images.some(({ name, image }) => spec?.containers.find((one) => one.name === name)?.image !== image),
  )
  return patched
    ? `somebody has changed the image of pod ${nameOf(patched)}: nothing running is ever patched`
    : null
}
