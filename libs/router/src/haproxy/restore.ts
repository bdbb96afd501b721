/** Makes the running router agree with the routes that it should have, and touches nothing that does. */
import { isDeepStrictEqual } from 'node:util'
import { type Slot, slots, TagshipError } from '@tagship/domain'
import type { Route, RouteTarget } from '@tagship/engine'
import type { Logger } from '@tagship/kit'
import type { Seat } from './seat-file.ts'
import type { Seats } from './seats.ts'
import { applyTargets } from './servers.ts'

export interface RestoreInput {
  readonly seats: Seats
  readonly socketPath: string
  readonly log: Logger
}

/** @throws router.unavailable, router.refused where a route has a seat that the router does not */
export async function restoreRoutes(input: RestoreInput, routes: readonly Route[]): Promise<void> {
  const present = new Map((await input.seats.all()).map((seat) => [seat.number, seat]))
  const wanted = new Set(routes.map((route) => route.seat))
  for (const route of routes) {
    const seat = present.get(route.seat)
    if (!seat) throw new TagshipError('router.refused', `${route.app}: the router has no seat ${route.seat}`)
    await restoreSeat(input, seat, route)
  }
  for (const seat of present.values()) {
    if (seat.app !== null && !wanted.has(seat.number)) await forgetSeat(input, seat.number)
  }
}

export async function forgetSeat({ seats, socketPath }: RestoreInput, seat: number): Promise<void> {
  await seats.forget(seat)
  for (const slot of slots) await applyTargets(socketPath, { seat, slot }, [])
}

async function restoreSeat(
  { seats, socketPath, log }: RestoreInput,
  seat: Seat,
  route: Route,
): Promise<void> {
  if (seat.app === route.app && seat.fence > route.fence) {
    // Somebody has written since the routes were read; what they wrote is newer.
    log.info({ app: route.app }, 'the router has a newer route than the one to restore')
    return
  }
  if (seat.app !== null && seat.app !== route.app) await forgetSeat({ seats, socketPath, log }, route.seat)
  await restoreHosts(seats, seat, route)
  const fill = async (slot: Slot) => {
    const ref = { seat: route.seat, slot }
    if (!sameTargets(seat.targets[slot], route.targets[slot])) {
      await seats.setTargets(ref, route.targets[slot], route.fence)
    }
    await applyTargets(socketPath, ref, route.targets[slot])
  }
  // Filled before it is live, emptied only once it is not.
  if (route.live) await fill(route.live)
  if (seat.live !== route.live) await seats.switchTo(route.seat, route.live, route.fence, { unproven: true })
  for (const slot of slots) if (slot !== route.live) await fill(slot)
}

async function restoreHosts(seats: Seats, seat: Seat, route: Route): Promise<void> {
  if (seat.app === route.app && isDeepStrictEqual(seat.hosts, route.hosts)) return
  await seats.setHosts(route.seat, route.app, route.hosts)
}

function sameTargets(a: readonly RouteTarget[], b: readonly RouteTarget[]): boolean {
  const text = (targets: readonly RouteTarget[]) =>
    targets.map(({ name, address, port }) => `${name} ${address} ${port}`).sort()
  return isDeepStrictEqual(text(a), text(b))
}
