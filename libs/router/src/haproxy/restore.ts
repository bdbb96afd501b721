/** Makes the running router agree with the routes that it should have, and touches nothing that does. */
import { isDeepStrictEqual } from 'node:util'
import { type Slot, slots, TagshipError } from '@tagship/domain'
import type { Route, RouteTarget } from '@tagship/engine'
import type { Logger } from '@tagship/kit'
import { backendName } from './config.ts'
import { freeSeat, type Seat } from './seat-file.ts'
import type { Seats, SeatWriter } from './seats.ts'
import { applyTargets, listServers, type Server } from './servers.ts'

export interface RestoreInput {
  readonly seats: Seats
  readonly socketPath: string
  readonly log: Logger
}

/**
 * A route that cannot be restored keeps no other from it; the first such is thrown in the end. What somebody
 * writes meanwhile stays as they wrote it.
 * @throws router.unavailable (at once), router.refused where a route has a seat that the router does not
 */
export async function restoreRoutes(
  input: RestoreInput,
  readRoutes: () => Promise<readonly Route[]>,
): Promise<void> {
  // In this order: whatever the router knows then, the rows knew before.
  const present = new Map((await input.seats.all()).map((seat) => [seat.number, seat]))
  const servers = await listServers(input.socketPath)
  const routes = await readRoutes()
  const wanted = new Set(routes.map((route) => route.seat))
  const failures: TagshipError[] = []
  const each = async (app: string, restoring: Promise<string[]>) => {
    try {
      const mended = await restoring
      if (mended.length > 0)
        input.log.warn({ app, mended }, 'the router disagreed with Postgres and was put right')
    } catch (error) {
      if (!(error instanceof TagshipError) || error.code === 'router.unavailable') throw error
      if (error.code !== 'router.fenced') failures.push(error)
    }
  }
  for (const route of routes) {
    await each(route.app, restoreSeat(input, present.get(route.seat), route, servers))
  }
  for (const seat of present.values()) {
    if (seat.app !== null && !wanted.has(seat.number)) await each(seat.app, freeSeatOf(input, seat))
  }
  if (failures[0]) throw failures[0]
}

async function freeSeatOf({ seats, socketPath }: RestoreInput, seat: Seat): Promise<string[]> {
  await forgetSeat({ seats: seats.unchanged(seat), socketPath }, seat.number)
  return ['forgotten']
}

export async function forgetSeat(
  { seats, socketPath }: { readonly seats: SeatWriter; readonly socketPath: string },
  seat: number,
): Promise<void> {
  await seats.forget(seat)
  for (const slot of slots) await applyTargets(socketPath, { seat, slot }, [])
}

/** @returns what was wrong, in words */
async function restoreSeat(
  { seats, socketPath }: RestoreInput,
  seat: Seat | undefined,
  route: Route,
  servers: ReadonlyMap<string, readonly Server[]>,
): Promise<string[]> {
  if (!seat) throw new TagshipError('router.refused', `${route.app}: the router has no seat ${route.seat}`)
  const input = { seats: seats.unchanged(seat), socketPath }
  if (seat.app === null || seat.app === route.app) {
    const serversOf = (slot: Slot) => servers.get(backendName(route.seat, slot)) ?? []
    return restoreRoute(input, seat, route, serversOf)
  }
  await forgetSeat(input, seat.number)
  const mended = await restoreRoute(input, { ...freeSeat, number: seat.number }, route, () => [])
  return [`${seat.app} had its seat`, ...mended]
}

async function restoreRoute(
  { seats, socketPath }: { readonly seats: SeatWriter; readonly socketPath: string },
  seat: Seat,
  route: Route,
  serversOf: (slot: Slot) => readonly Server[],
): Promise<string[]> {
  const mended: string[] = []
  const fill = async (slot: Slot) => {
    if (slot === route.filling) return
    const ref = { seat: route.seat, slot }
    const targets = route.targets[slot]
    // A fence that no row has given out would keep every worker from writing.
    if (!sameTargets(seat.targets[slot], targets) || seat.fence > route.fence) {
      await seats.setTargets(ref, targets, route.fence)
      mended.push(`targets of ${slot}`)
    }
    if (await applyTargets(socketPath, ref, targets, serversOf(slot))) mended.push(`servers of ${slot}`)
  }
  if (seat.app !== route.app || !isDeepStrictEqual(seat.hosts, route.hosts)) {
    await seats.setHosts(route.seat, route.app, route.hosts)
    mended.push('hosts')
  }
  // Filled before it is live, emptied only once it is not.
  const live = liveOf(seat, route)
  if (live && route.targets[live].length > 0) await fill(live)
  if (seat.live !== live) {
    await seats.switchTo(route.seat, live, route.fence, { unproven: true })
    mended.push(`live: ${live ?? 'none'}, not ${seat.live ?? 'none'}`)
  }
  for (const slot of slots) if (slot !== live) await fill(slot)
  return mended
}

/** As the row says, but where a worker moves the traffic, or where the app has nothing to route to. */
function liveOf(seat: Seat, route: Route): Slot | null {
  if (route.turning && seat.live) return seat.live
  return route.live && route.targets[route.live].length === 0 ? seat.live : route.live
}

function sameTargets(a: readonly RouteTarget[], b: readonly RouteTarget[]): boolean {
  const text = (targets: readonly RouteTarget[]) =>
    targets.map(({ name, address, port }) => `${name} ${address} ${port}`).sort()
  return isDeepStrictEqual(text(a), text(b))
}
