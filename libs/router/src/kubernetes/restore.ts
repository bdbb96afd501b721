/** Makes the Services on clusters agree with the routes that they should have, and touches nothing that does. */
import { isDeepStrictEqual } from 'node:util'
import { type Slot, slots, type TagshipError, toTagshipError } from '@tagship/domain'
import type { Log, Route } from '@tagship/engine'
import { setOf } from '@tagship/kubernetes'
import { ensureIngress, hostsFor } from './ingress.ts'
import type { Seen, Sight } from './seen.ts'
import { changeState, nothingYet, type RouteState, type Spot, type Wanted } from './services.ts'

export interface RestoreInput {
  readonly spots: () => Promise<ReadonlyMap<number, Spot>>
  readonly sight: Sight
  readonly ingressClass: string | null
  readonly log: Log
}

/**
 * A route that cannot be restored keeps no other from it; the first trouble is thrown in the end. Of a cluster of which
 * nothing is heard, nothing is doubted.
 */
export async function restoreRoutes(
  { spots: readSpots, sight, ingressClass, log }: RestoreInput,
  readRoutes: () => Promise<readonly Route[]>,
): Promise<void> {
  const spots = await readSpots()
  sight.keep([...spots.values()])
  // In this order: whatever a Service says then, the rows knew before.
  const seen = new Map([...spots].map(([seat, spot]) => [seat, sight.look(spot)]))
  const failures: TagshipError[] = []
  for (const route of await readRoutes()) {
    const spot = spots.get(route.seat)
    const found = seen.get(route.seat)
    if (!spot || !found) continue
    try {
      const mended = await restoreRoute(spot, found, route, ingressClass)
      if (mended.length > 0)
        log.warn({ app: route.app, mended }, 'the cluster disagreed with Postgres and was put right')
    } catch (error) {
      const trouble = toTagshipError(error)
      if (trouble.code !== 'router.fenced') failures.push(trouble)
    }
  }
  if (failures[0]) throw failures[0]
}

/** @returns what was wrong, in words */
async function restoreRoute(
  spot: Spot,
  { state, hosts }: Seen,
  route: Route,
  ingressClass: string | null,
): Promise<string[]> {
  // What was never switched to has nothing on the cluster yet.
  if (route.live === null || route.turning) return []
  const mended: string[] = []
  const before = state ?? nothingYet
  if (!isAsWanted(before, wantedBy(before, route))) {
    // On the version that was looked at, and on no later one.
    await changeState(spot, route.fence, (now) => {
      if (now.version !== before.version) return null
      mended.push(`live: ${route.live}, not ${before.live ?? before.selected ?? 'none'}`)
      return wantedBy(now, route)
    })
  }
  if (
    !isDeepStrictEqual(hosts, hostsFor(route.hosts)) &&
    (await ensureIngress(spot, route.hosts, ingressClass))
  )
    mended.push('hosts')
  return mended
}

function isAsWanted(state: RouteState, { live, sets }: Wanted): boolean {
  return (
    state.live === live &&
    state.selected === (live && sets[live]) &&
    state.portSlot === live &&
    slots.every((slot) => state.sets[slot] === sets[slot])
  )
}

/** What a deployment under way fills is its worker's business; the live slot has its set in the rows. */
function wantedBy(state: RouteState, route: Route): Wanted {
  const setIn = (slot: Slot) => {
    const [first] = route.targets[slot]
    // Of instances without an address, the rows do not tell which they were.
    if (slot === route.filling || (slot === route.live && !first)) return state.sets[slot]
    return first ? setOf(first.name) : null
  }
  return { fence: route.fence, sets: { blue: setIn('blue'), green: setIn('green') }, live: route.live }
}
