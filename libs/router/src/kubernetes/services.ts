/** An app's Services: all that the router on a cluster knows of it, and all that it changes. */
import type { V1Service } from '@kubernetes/client-node'
import { type AppName, type Slot, slots, TagshipError } from '@tagship/domain'
import {
  appLabels,
  asApply,
  askCluster,
  type Cluster,
  fieldManager,
  previewName,
  serviceName,
  setLabel,
  slotPorts,
  statusOf,
  unlessStatus,
} from '@tagship/kubernetes'

const fenceAnnotation = 'dev.tagship.fence'
const slotAnnotation = (slot: Slot) => `dev.tagship.${slot}`

/** A selector that fits no pod. */
const nothing = 'none'

/** Where an app is. */
export interface Spot {
  readonly cluster: Cluster
  readonly namespace: string
  readonly app: AppName
  readonly installation: string
}

/** What an app's Service says. */
export interface RouteState {
  /** The highest that has written. */
  readonly fence: bigint
  /** The set that each slot holds; null: none. */
  readonly sets: Readonly<Record<Slot, string | null>>
  /** By its selector: the slot whose set gets the traffic. */
  readonly live: Slot | null
  /** Whom its selector names, in whichever slot; null: nobody. */
  readonly selected: string | null
  /** The slot that port 80 leads to the port of. */
  readonly portSlot: Slot | null
  readonly clusterIp: string | null
  /** Null where there is no Service yet. */
  readonly version: string | null
}

/** What is to be: the rest follows. */
export type Wanted = Pick<RouteState, 'fence' | 'sets' | 'live'>

export const nothingYet: RouteState = {
  fence: 0n,
  sets: { blue: null, green: null },
  live: null,
  selected: null,
  portSlot: null,
  clusterIp: null,
  version: null,
}

/** How often a write is tried again where somebody else has written in between. */
const attempts = 6

/** @throws cluster.* */
export async function readState({ cluster, namespace, app }: Spot): Promise<RouteState> {
  const name = serviceName(app)
  const looking = askCluster(`looking at Service ${name}`, () =>
    cluster.core.readNamespacedService({ name, namespace }),
  )
  const found = await unlessStatus(looking, 404)
  return found ? stateOf(found) : nothingYet
}

export function stateOf({ metadata, spec }: V1Service): RouteState {
  const annotation = (name: string) => metadata?.annotations?.[name] || null
  const sets = { blue: annotation(slotAnnotation('blue')), green: annotation(slotAnnotation('green')) }
  const selector = spec?.selector?.[setLabel] ?? nothing
  const selected = selector === nothing ? null : selector
  return {
    fence: BigInt(annotation(fenceAnnotation) ?? 0),
    sets,
    live: slots.find((slot) => selected !== null && sets[slot] === selected) ?? null,
    selected,
    portSlot:
      slots.find((slot) =>
        spec?.ports?.some(({ name, targetPort }) => name === 'http' && targetPort === slot),
      ) ?? null,
    clusterIp: spec?.clusterIP && spec.clusterIP !== 'None' ? spec.clusterIP : null,
    version: metadata?.resourceVersion ?? null,
  }
}

/**
 * One write of the whole Service, in one step, on exactly the version that `change` was decided on: selector, port and
 * fence move together or not at all.
 * @param change gives what is to be, or null where it is so already
 * @throws router.fenced where a later worker has written, router.refused, cluster.*
 */
export async function changeState(
  spot: Spot,
  fence: bigint,
  change: (state: RouteState) => Wanted | null,
): Promise<RouteState> {
  for (let attempt = 1; ; attempt += 1) {
    const state = await readState(spot)
    if (state.fence > fence) {
      throw new TagshipError(
        'router.fenced',
        `${spot.app}: the Service was written with fence ${state.fence}, not ${fence}`,
      )
    }
    const wanted = change(state)
    if (!wanted) return state
    try {
      return stateOf(await apply(spot, serviceOf(spot, wanted, state.version)))
    } catch (error) {
      if (statusOf(error) !== 409 || attempt === attempts) throw error
    }
  }
}

/** The preview follows without a fence: it shows what is being proven, and no user comes by it. */
export async function applyPreview(spot: Spot, slot: Slot, set: string | null): Promise<void> {
  const port = { name: 'http', port: 80, targetPort: slot, protocol: 'TCP' }
  await apply(spot, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: previewName(spot.app),
      labels: appLabels(spot.installation, spot.app, 'service'),
      annotations: { [slotAnnotation(slot)]: set ?? '' },
    },
    spec: { selector: selectorOf(spot, set), ports: [port] },
  })
}

export async function removeServices({ cluster, namespace, app, installation }: Spot): Promise<void> {
  for (const name of [serviceName(app), previewName(app)]) {
    const looking = askCluster(`looking at Service ${name}`, () =>
      cluster.core.readNamespacedService({ name, namespace }),
    )
    const found = await unlessStatus(looking, 404)
    if (found?.metadata?.labels?.['dev.tagship'] !== installation) continue
    const deleting = askCluster(`removing Service ${name}`, () =>
      cluster.core.deleteNamespacedService({ name, namespace }),
    )
    await unlessStatus(deleting, 404)
  }
}

/**
 * Port 80 leads to the live release. The ports of the two slots lead to the same pods, but exist only while those are of
 * that slot: an answer at the new slot's own port can only come from the new release, and where it answers, port 80 has
 * moved as well, since a node takes over all ports of a Service together.
 */
function serviceOf(spot: Spot, { fence, sets, live }: Wanted, version: string | null): V1Service {
  const port = (name: string, number: number, target: string) => ({
    name,
    port: number,
    targetPort: target,
    protocol: 'TCP',
  })
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: serviceName(spot.app),
      labels: appLabels(spot.installation, spot.app, 'service'),
      annotations: {
        [fenceAnnotation]: String(fence),
        [slotAnnotation('blue')]: sets.blue ?? '',
        [slotAnnotation('green')]: sets.green ?? '',
      },
      ...(version === null ? {} : { resourceVersion: version }),
    },
    spec: {
      selector: selectorOf(spot, live && sets[live]),
      ports: [port('http', 80, live ?? 'blue'), ...slots.map((slot) => port(slot, slotPorts[slot], slot))],
    },
  }
}

function selectorOf({ installation }: Spot, set: string | null): Record<string, string> {
  return { 'dev.tagship': installation, [setLabel]: set ?? nothing }
}

/** Fields that somebody else has taken come back to us. */
async function apply({ cluster, namespace, installation, app }: Spot, body: V1Service): Promise<V1Service> {
  const name = body.metadata?.name ?? ''
  const present = await unlessStatus(
    askCluster(`looking at Service ${name}`, () => cluster.core.readNamespacedService({ name, namespace })),
    404,
  )
  const owner = present?.metadata?.labels?.['dev.tagship']
  if (present && owner !== installation) {
    throw new TagshipError(
      'router.refused',
      `namespace ${namespace} has a Service ${name} that is not ours; remove it, or give ${app} another namespace`,
    )
  }
  return askCluster(`applying Service ${name}`, () =>
    cluster.core.patchNamespacedService({ name, namespace, body, fieldManager, force: true }, asApply()),
  )
}
