/** Makes the running router agree with the routes that it should have, and touches nothing that does. */
import { isDeepStrictEqual } from 'node:util'
import { type Slot, slots, TagshipError } from '@tagship/domain'
import type { Route, RouteTarget } from '@tagship/engine'
import type { Logger } from '@tagship/kit'
import { backendName } from './config.ts'
import { freeSeat, type Seat } from './seat-file.ts'
import type { Seats } from './seats.ts'
import { applyTargets, listServers, type Server } from './servers.ts'

export interface RestoreInput {
  readonly seats: Seats
  readonly socketPath: string
  readonly log: Logger
}

/**
 * A route that cannot be restored keeps no other from it; the first such is thrown in the end.
 * @throws router.unavailable (at once), router.refused where a route has a seat that the router does not
 */
export async function restoreRoutes(input: RestoreInput, routes: readonly Route[]): Promise<void> {
  const present = new Map((await input.seats.all()).map((seat) => [seat.number, seat]))
  const servers = await listServers(input.socketPath)
  const wanted = new Set(routes.map((route) => route.seat))
  const failures: TagshipError[] = []
  for (const route of routes) {
    await restoreSeat(input, present.get(route.seat), route, servers).catch((error: unknown) => {
      if (!(error instanceof TagshipError) || error.code === 'router.unavailable') throw error
      failures.push(error)
    })
  }
  for (const seat of present.values()) {
    if (seat.app !== null && !wanted.has(seat.number)) await forgetSeat(input, seat.number)
  }
  if (failures[0]) throw failures[0]
}

export async function forgetSeat({ seats, socketPath }: RestoreInput, seat: number): Promise<void> {
  await seats.forget(seat)
  for (const slot of slots) await applyTargets(socketPath, { seat, slot }, [])
}

async function restoreSeat(
  input: RestoreInput,
  seat: Seat | undefined,
  route: Route,
  servers: ReadonlyMap<string, readonly Server[]>,
): Promise<void> {
  if (!seat) throw new TagshipError('router.refused', `${route.app}: the router has no seat ${route.seat}`)
  if (seat.app === route.app && seat.fence > route.fence) {
    // Somebody has written since the routes were read; what they wrote is newer.
    input.log.info({ app: route.app }, 'the router has a newer route than the one to restore')
    return
  }
  if (seat.app === null || seat.app === route.app) {
    const serversOf = (slot: Slot) => servers.get(backendName(route.seat, slot)) ?? []
    return restoreRoute(input, seat, route, serversOf)
  }
  await forgetSeat(input, seat.number)
  await restoreRoute(input, { ...freeSeat, number: seat.number }, route, () => [])
}

async function restoreRoute(
  { seats, socketPath, log }: RestoreInput,
  seat: Seat,
  route: Route,
  serversOf: (slot: Slot) => readonly Server[],
): Promise<void> {
  if (seat.app !== route.app || !isDeepStrictEqual(seat.hosts, route.hosts)) {
    await seats.setHosts(route.seat, route.app, route.hosts)
  }
  const fill = async (slot: Slot) => {
    const ref = { seat: route.seat, slot }
    const targets = route.targets[slot]
    if (!sameTargets(seat.targets[slot], targets)) await seats.setTargets(ref, targets, route.fence)
    await applyTargets(socketPath, ref, targets, serversOf(slot))
  }
  // Filled before it is live, emptied only once it is not.
  if (route.live && route.targets[route.live].length > 0) await fill(route.live)
  else if (route.live)
    log.warn({ app: route.app }, 'no instance of the live slot is known; its route is left as it is')
  if (seat.live !== route.live) await seats.switchTo(route.seat, route.live, route.fence, { unproven: true })
  for (const slot of slots) if (slot !== route.live) await fill(slot)
}

function sameTargets(a: readonly RouteTarget[], b: readonly RouteTarget[]): boolean {
  const text = (targets: readonly RouteTarget[]) =>
    targets.map(({ name, address, port }) => `${name} ${address} ${port}`).sort()
  return isDeepStrictEqual(text(a), text(b))
}
