/** Makes what runs all instances of a process, or finds it made. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { V1Deployment, V1OwnerReference } from '@kubernetes/client-node'
import { parseImageDigest, TagshipError } from '@tagship/domain'
import type { InstanceSpec } from '@tagship/engine'
import {
  appLabels,
  askCluster,
  replicasAnnotation,
  setLabel,
  setName,
  specAnnotation,
  specLabels,
  statusOf,
  unlessStatus,
  wordsOf,
} from '@tagship/kubernetes'
import { askEngine, unless } from '../docker/engine.ts'
import { specHash } from '../docker/names.ts'
import { type Context, type Spot, spotFor } from './context.ts'
import { counterRepository } from './counter.ts'
import { readImageConfig } from './image-config.ts'
import { listAt } from './list.ts'
import { ensureNamespace, ensurePullSecret } from './namespace.ts'
import { environmentName, podTemplate, type TemplateInput } from './pod-template.ts'
import { ensurePushed, type ImageReference } from './registry.ts'

const lookMs = 150

/** After this time the step is told, so that it can be stopped. */
const patienceMs = 6_000

/**
 * The cluster starts all instances of a process together: the first one's start makes the object, the others' do nothing.
 * Nothing is changed on the cluster before the registry has the image. Over when every program has begun: until then
 * nothing speaks for or against the release, and no time of its health check runs.
 * @throws instance.pending, instance.startFailed, image.missing, registry.*, cluster.*, engine.*
 */
export async function startSet(context: Context, spec: InstanceSpec): Promise<void> {
  if (spec.replica > 0) return
  const spot = await spotFor(context, spec.app)
  const input = await prepareTemplate(context, spot, spec)
  const made = await ensureSet(spot, input)
  await ensureEnvironment(spot, input.installation, spec, true, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    name: setName(spec),
    uid: made.metadata?.uid ?? '',
  })
  await untilBegun(context, spot, spec)
}

/** @throws instance.pending with the cluster's own words: no room, no image, a quota; tried again until the rollout's deadline */
async function untilBegun(context: Context, spot: Spot, spec: InstanceSpec): Promise<void> {
  const set = setName(spec)
  for (let look = 0; ; look += 1) {
    const instances = await listAt(context, spot, { set })
    const pending = instances.find(({ state }) => state === 'created')
    if (instances.length > 0 && !pending) return
    if (look * lookMs > patienceMs) {
      const words = pending?.note ?? 'its pods are not there yet'
      throw new TagshipError('instance.pending', `${spec.process} (${pending?.name ?? set}): ${words}`)
    }
    await sleep(lookMs)
  }
}

/** What has to be there before a pod can start: image, namespace, and the key to the registry. */
export async function prepareTemplate(
  context: Context,
  spot: Spot,
  spec: InstanceSpec,
): Promise<TemplateInput> {
  const { docker, registry, installation } = context
  const config = await readImageConfig(docker, spec.imageDigest)
  const image = await ensurePushed(docker, registry, spec.app, spec.imageDigest)
  const counterImage = spec.counted ? await pushCounter(context) : null
  await ensureNamespace(context, spot, spec.app)
  const pullSecret = await ensurePullSecret(context, spot)
  return { installation, spec, image, counterImage, config, pullSecret }
}

async function pushCounter({ docker, registry, counterImage }: Context): Promise<ImageReference> {
  const looking = askEngine(`looking for ${counterImage}`, () => docker.getImage(counterImage).inspect())
  const found = await unless(looking, 404)
  if (!found)
    throw new TagshipError('image.missing', `the image ${counterImage} is no longer on this machine`)
  return ensurePushed(docker, registry, counterRepository, parseImageDigest(found.Id))
}

async function ensureSet({ cluster, namespace }: Spot, input: TemplateInput): Promise<V1Deployment> {
  const { spec, installation } = input
  const name = setName(spec)
  const body: V1Deployment = {
    metadata: {
      name,
      labels: specLabels(installation, spec, 'set'),
      annotations: { [specAnnotation]: specHash(spec), [replicasAnnotation]: String(spec.replicas) },
    },
    spec: {
      replicas: spec.replicas,
      // There is one template, ever: nothing is rolled out within it.
      revisionHistoryLimit: 0,
      selector: { matchLabels: { 'dev.tagship': installation, [setLabel]: name } },
      template: podTemplate(input, 'set'),
    },
  }
  const creating = askCluster(`making Deployment ${name}`, () =>
    cluster.apps.createNamespacedDeployment({ namespace, body }),
  )
  const made = await unlessStatus(creating, 409).catch((error: unknown) => {
    throw startError(spec, error)
  })
  if (made) return made
  const found = await askCluster(`looking at Deployment ${name}`, () =>
    cluster.apps.readNamespacedDeployment({ namespace, name }),
  )
  if (found.metadata?.deletionTimestamp) {
    throw new TagshipError('cluster.refused', `Deployment ${name} is still being removed`)
  }
  if (found.metadata?.labels?.['dev.tagship.deployment'] !== spec.deploymentId) {
    throw new TagshipError(
      'instance.startFailed',
      `namespace ${namespace} has a Deployment ${name} that is not ours; remove it, or give the app another namespace`,
    )
  }
  return found
}

/**
 * What its processes find in their environment. Owned by what it is for, so that it goes with it. A pod that is quicker
 * than this waits for it.
 */
export async function ensureEnvironment(
  { cluster, namespace }: Spot,
  installation: string,
  spec: InstanceSpec,
  isSet: boolean,
  owner: V1OwnerReference,
): Promise<void> {
  const name = environmentName(spec, isSet)
  const body = {
    metadata: {
      name,
      labels: appLabels(installation, spec.app, isSet ? 'set' : 'release-command'),
      ownerReferences: [owner],
    },
    immutable: true,
    stringData: { ...spec.env },
  }
  const creating = askCluster(`making Secret ${name}`, () =>
    cluster.core.createNamespacedSecret({ namespace, body }),
  )
  await unlessStatus(creating, 409)
}

/** What the cluster will never take is the release's own fault; what it does not take now may pass. */
export function startError(spec: InstanceSpec, error: unknown): unknown {
  const status = statusOf(error)
  if (status !== 400 && status !== 403 && status !== 422) return error
  const words = wordsOf(error)
  // A quota may have room later, rights may be given, and a namespace that goes makes room for one of the same name.
  if (/exceeded quota|is forbidden: User|being terminated/i.test(words)) return error
  return new TagshipError('instance.startFailed', `${spec.process}: the cluster refused it: ${words}`, {
    cause: error,
  })
}
