/** The router on a cluster: an app's Service sends users to the pods of one set. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Slot, TagshipError, toTagshipError } from '@tagship/domain'
import type { Log, Placement, PlacementQuery, Router } from '@tagship/engine'
import { type Clusters, setOf } from '@tagship/kubernetes'
import { askThrough, hasTakenOver } from './ask.ts'
import { readCounts, sumCounts } from './counts.ts'
import { ensureIngress, removeIngress } from './ingress.ts'
import { restoreRoutes } from './restore.ts'
import { createSampler } from './sample.ts'
import { createSight } from './seen.ts'
import { applyPreview, changeState, readState, removeServices, type Spot } from './services.ts'

export interface KubernetesRouterOptions {
  readonly clusters: Clusters
  readonly installation: string
  readonly placements: (wanted: PlacementQuery) => Promise<readonly Placement[]>
  /** The class of Ingress objects; null: the cluster's default. */
  readonly ingressClass: string | null
  readonly log: Log
}

/** A node that has lost its API server hears of a switch when it is back. */
const settleMs = 30_000
const lookMs = 50

/** A Service is a wish: it has moved when users do. @throws router.unavailable where they have not in time */
async function untilTakenOver(spot: Spot, slot: Slot): Promise<void> {
  const { clusterIp } = await readState(spot)
  const deadline = Date.now() + settleMs
  while (!(await hasTakenOver(spot, slot, clusterIp))) {
    if (Date.now() > deadline) {
      throw new TagshipError(
        'router.unavailable',
        `${spot.app}: the cluster has not taken over the switch to ${slot}`,
      )
    }
    await sleep(lookMs)
  }
}

export function createKubernetesRouter(options: KubernetesRouterOptions): Router {
  const { clusters, installation, ingressClass, log } = options
  const sight = createSight(installation)
  const sample = createSampler(sight)
  const spotOf = ({ app, namespace, cluster }: Placement): Spot => ({
    app,
    namespace,
    installation,
    cluster: clusters(cluster),
  })
  const find = async (wanted: PlacementQuery): Promise<Spot | null> => {
    const [placement] = await options.placements(wanted)
    return placement ? spotOf(placement) : null
  }
  const spots = async () => {
    const found = new Map<number, Spot>()
    for (const placement of await options.placements({})) {
      try {
        found.set(placement.seat, spotOf(placement))
      } catch (error) {
        // The app whose cluster nobody knows says so itself, as soon as it is deployed.
        if (toTagshipError(error).code !== 'cluster.unknown') throw error
      }
    }
    return found
  }
  const at = async (seat: number): Promise<Spot> => {
    const spot = await find({ seat })
    if (!spot) throw new TagshipError('router.refused', `no app with the seat ${seat} is on a cluster`)
    return spot
  }
  return {
    settleMs,
    // The switch brings them along, and `restore` does afterwards: what was never switched to may have no namespace.
    setHosts: async () => {},
    fillSlot: async ({ seat, slot }, targets, fence) => {
      const set = targets[0] && setOf(targets[0].name)
      if (!set) return
      const spot = await at(seat)
      const { live } = await changeState(spot, fence, ({ sets, live, fence: before }) =>
        sets[slot] === set && before === fence ? null : { fence, live, sets: { ...sets, [slot]: set } },
      )
      if (live !== slot) await applyPreview(spot, slot, set)
    },
    emptySlot: async ({ seat, slot }, fence) => {
      const spot = await at(seat)
      if ((await readState(spot)).version === null) return
      await changeState(spot, fence, ({ sets, live }) => {
        if (live === slot)
          throw new TagshipError('router.refused', `${spot.app}: ${slot} is live, and cannot be emptied`)
        return sets[slot] === null ? null : { fence, live, sets: { ...sets, [slot]: null } }
      })
    },
    // A Service sends nothing to a pod that is not ready.
    dropTargets: async () => {},
    switchTo: async ({ seat, slot }, fence, from) => {
      const spot = await at(seat)
      await changeState(spot, fence, ({ sets, live }) => {
        if (live !== from.live && live !== slot) {
          throw new TagshipError(
            'router.unavailable',
            `${spot.app}: the Service shows ${live ?? 'nothing'} as live, and not ${from.live ?? 'nothing'}`,
          )
        }
        if (sets[slot] === null)
          throw new TagshipError('router.refused', `${spot.app}: there is nothing in ${slot}`)
        return live === slot ? null : { fence, sets, live: slot }
      })
      await ensureIngress(spot, from.hosts, ingressClass)
      await untilTakenOver(spot, slot)
      const { live, selected } = await readState(spot)
      if (!live)
        throw new TagshipError('router.refused', `${spot.app}: the Service selects ${selected ?? 'nothing'}`)
      return live
    },
    liveSlot: async (seat) => {
      const spot = await find({ seat })
      return spot && (await readState(spot)).live
    },
    // Nobody waits for what is in flight: kept connections bring more, and it ends by itself while the old set is warm.
    traffic: async ({ seat, slot }) => {
      const spot = await at(seat)
      const set = (await readState(spot)).sets[slot]
      const pods = set === null ? null : await readCounts(spot, set)
      return { ...sumCounts(pods ?? []), inFlight: 0 }
    },
    sample: async (seats) => sample(await spots(), seats),
    askThrough: async (host, path) => {
      const spot = await find({ host })
      return spot ? askThrough(spot, host, path) : { instance: null, status: 404 }
    },
    restore: (readRoutes) => restoreRoutes({ spots, sight, ingressClass, log }, readRoutes),
    forget: async (seat) => {
      const spot = await find({ seat })
      if (!spot) return
      await removeIngress(spot)
      await removeServices(spot)
    },
  }
}
