import { setTimeout as sleep } from 'node:timers/promises'
import type { Log, Place, Placement, PlacementQuery } from '@tagship/engine'
import type { Docker } from '@tagship/kit'
import type { Registry } from '@tagship/runtime/kubernetes'

export interface KubernetesPlaceOptions {
  readonly installation: string
  readonly docker: Docker
  readonly registry: Registry | null
  /** HAProxy, on the engine. */
  readonly counterImage: string
  readonly ingressClass: string | null
  readonly placements: (wanted: PlacementQuery) => Promise<readonly Placement[]>
  readonly log: Log
}

/**
 * The clusters as a place for apps. Its library takes some 90 MB of memory, so it is loaded with the first app that is on
 * one: until then nothing is there, and nothing has to be asked.
 */
export function createKubernetesPlace(options: KubernetesPlaceOptions): Place {
  const { placements } = options
  let loading: Promise<Place> | null = null
  const place = () => {
    loading ??= load(options)
    return loading
  }
  const runtime = async () => (await place()).runtime
  const router = async () => (await place()).router
  /** What the place answers, or `otherwise` where no such app is on a cluster. */
  const where = async <T>(
    wanted: PlacementQuery,
    ask: (there: Place) => Promise<T>,
    otherwise: T,
  ): Promise<T> => ((await placements(wanted)).length > 0 ? ask(await place()) : otherwise)
  return {
    requireRoom: async (where) => (await place()).requireRoom(where),
    runtime: {
      takesTurns: false,
      imageFacts: async (digest) => (await runtime()).imageFacts(digest),
      start: async (spec) => (await runtime()).start(spec),
      list: (app, id) => where({ app }, (there) => there.runtime.list(app, id), []),
      listAll: () => where({}, (there) => there.runtime.listAll(), []),
      watch: async (onChange, signal) => {
        await untilAny(placements, signal)
        if (!signal.aborted) await (await runtime()).watch(onChange, signal)
      },
      probe: async (...asked) => (await runtime()).probe(...asked),
      listensElsewhere: async (...asked) => (await runtime()).listensElsewhere(...asked),
      remove: async (instance) => (await runtime()).remove(instance),
      runOnce: async (...asked) => (await runtime()).runOnce(...asked),
      removeOneOff: (app, id) => where({ app }, (there) => there.runtime.removeOneOff(app, id), undefined),
      logs: async function* (...asked) {
        yield* (await runtime()).logs(...asked)
      },
      removeApp: (app) => where({ app }, (there) => there.runtime.removeApp(app), undefined),
    },
    router: {
      settleMs: 30_000,
      setHosts: async (...asked) => (await router()).setHosts(...asked),
      fillSlot: async (...asked) => (await router()).fillSlot(...asked),
      emptySlot: async (...asked) => (await router()).emptySlot(...asked),
      dropTargets: async (...asked) => (await router()).dropTargets(...asked),
      switchTo: async (...asked) => (await router()).switchTo(...asked),
      liveSlot: (seat) => where({ seat }, (there) => there.router.liveSlot(seat), null),
      traffic: async (ref) => (await router()).traffic(ref),
      sample: async (seats) => (await router()).sample(seats),
      askThrough: async (...asked) => (await router()).askThrough(...asked),
      restore: (readRoutes) => where({}, (there) => there.router.restore(readRoutes), undefined),
      forget: (seat) => where({ seat }, (there) => there.router.forget(seat), undefined),
    },
  }
}

async function load({
  installation,
  docker,
  registry,
  counterImage,
  ingressClass,
  placements,
  log,
}: KubernetesPlaceOptions): Promise<Place> {
  const [{ openClusters }, { createKubernetesRuntime, requireRights }, { createKubernetesRouter }] =
    await Promise.all([
      import('@tagship/kubernetes'),
      import('@tagship/runtime/kubernetes'),
      import('@tagship/router/kubernetes'),
    ])
  const clusters = openClusters()
  return {
    requireRoom: ({ cluster, namespace }) => requireRights(clusters(cluster), namespace),
    runtime: createKubernetesRuntime({
      clusters,
      installation,
      docker,
      registry,
      counterImage,
      log,
      placements: () => placements({}),
      placementOf: async (app) => (await placements({ app }))[0] ?? null,
    }),
    router: createKubernetesRouter({ clusters, installation, ingressClass, placements, log }),
  }
}

const lookMs = 2_000

async function untilAny(
  placements: KubernetesPlaceOptions['placements'],
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    if ((await placements({}).catch(() => [])).length > 0) return
    await sleep(lookMs, undefined, { signal }).catch(() => {})
  }
}
