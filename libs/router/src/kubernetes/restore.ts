/** Makes the Services on clusters agree with the routes that they should have, and touches nothing that does. */
import { type Slot, slots, type TagshipError, toTagshipError } from '@tagship/domain'
import type { Log, Route } from '@tagship/engine'
import { setOf } from '@tagship/kubernetes'
import { ensureIngress } from './ingress.ts'
import { changeState, type RouteState, readState, type Spot, type Wanted } from './services.ts'

export interface RestoreInput {
  readonly spotOf: (seat: number) => Promise<Spot | null>
  readonly ingressClass: string | null
  readonly log: Log
}

/** A route that cannot be restored keeps no other from it; the first trouble is thrown in the end. */
export async function restoreRoutes(
  { spotOf, ingressClass, log }: RestoreInput,
  readRoutes: () => Promise<readonly Route[]>,
): Promise<void> {
  // In this order: whatever a Service says then, the rows knew before.
  const seen = new Map<number, { readonly spot: Spot; readonly state: RouteState }>()
  const failures: TagshipError[] = []
  const attempt = async (work: Promise<void>) => {
    await work.catch((error: unknown) => {
      const trouble = toTagshipError(error)
      if (trouble.code !== 'router.fenced') failures.push(trouble)
    })
  }
  const look = async ({ seat }: Route) => {
    const spot = await spotOf(seat)
    if (spot) seen.set(seat, { spot, state: await readState(spot) })
  }
  for (const route of await readRoutes()) await attempt(look(route))
  for (const route of await readRoutes()) {
    const found = seen.get(route.seat)
    if (!found || (route.live === null && found.state.version === null)) continue
    const { spot, state } = found
    await attempt(
      (async () => {
        const mended: string[] = []
        if (!isSo(state, route)) {
          // On the version that was looked at, and on no later one.
          await changeState(spot, route.fence, (now) => {
            if (now.version !== state.version) return null
            mended.push(`live: ${route.live ?? 'none'}, not ${state.live ?? state.selected ?? 'none'}`)
            return wantedBy(state, route)
          })
        }
        if (await ensureIngress(spot, route.hosts, ingressClass)) mended.push('hosts')
        if (mended.length > 0)
          log.warn({ app: route.app, mended }, 'the cluster disagreed with Postgres and was put right')
      })(),
    )
  }
  if (failures[0]) throw failures[0]
}

function isSo(state: RouteState, route: Route): boolean {
  if (route.turning) return true
  const wanted = wantedBy(state, route)
  return (
    state.live === wanted.live &&
    state.selected === (wanted.live && wanted.sets[wanted.live]) &&
    slots.every((slot) => state.sets[slot] === wanted.sets[slot])
  )
}

/** What a deployment under way fills is its worker's business; the live slot has its set in the rows. */
function wantedBy(state: RouteState, route: Route): Wanted {
  const setIn = (slot: Slot) => {
    if (slot === route.filling) return state.sets[slot]
    const first = route.targets[slot][0]
    // Of instances without an address, the rows do not tell which they were; the set is the same as long as it is.
    return first ? setOf(first.name) : slot === route.live ? state.sets[slot] : null
  }
  return { fence: route.fence, sets: { blue: setIn('blue'), green: setIn('green') }, live: route.live }
}
