/** What sends traffic to the live slot. */
import type { AppName, HostName, Slot } from '@tagship/domain'

/** One slot of an app at the router. `seat` is the app's number among the router's pre-made places, from 1. */
export interface SlotRef {
  readonly seat: number
  readonly slot: Slot
}

export interface RouteTarget {
  /** The instance's name. */
  readonly name: string
  readonly address: string
  readonly port: number
}

/** What the router has counted for a slot since it started. */
export interface SlotTraffic {
  readonly requests: number
  readonly serverErrors: number
  /** Requests (and WebSockets) under way now. */
  readonly inFlight: number
}

/** One look at a slot. */
export interface SlotSample extends SlotRef, SlotTraffic {
  /** Milliseconds until an answer began, on average over the last 1,024 requests; null before the first. */
  readonly responseMs: number | null
  readonly targets: readonly { readonly name: string; readonly up: boolean }[]
}

/** Everything the router should know of one app. */
export interface Route {
  readonly seat: number
  readonly app: AppName
  readonly hosts: readonly HostName[]
  readonly live: Slot | null
  readonly targets: Readonly<Record<Slot, readonly RouteTarget[]>>
  readonly fence: bigint
  /** The slot that a deployment under way fills or empties: what is in it is its worker's business. */
  readonly filling: Slot | null
  /** A deployment under way moves the traffic at this moment: either slot may be live. */
  readonly turning: boolean
}

/** What the rows say of an app whose traffic is about to move. */
export interface Routed {
  readonly app: AppName
  readonly hosts: readonly HostName[]
  readonly live: Slot | null
}

/**
 * Every write carries the fence of the worker's lease; the router refuses one that is lower than the
 * highest it has seen for the seat (`router.fenced`), so that a worker that wakes up late changes nothing.
 */
export interface Router {
  /** How long it may take after a switch until every request goes the new way, in milliseconds. */
  readonly settleMs: number
  setHosts(seat: number, app: AppName, hosts: readonly HostName[]): Promise<void>
  /** Afterwards the slot has exactly these targets, all taking requests once the slot is live. */
  fillSlot(ref: SlotRef, targets: readonly RouteTarget[], fence: bigint): Promise<void>
  /** Takes every target out of the slot. A no-op where there is none. @throws router.refused for the live slot */
  emptySlot(ref: SlotRef, fence: bigint): Promise<void>
  /**
   * Sends nothing more to these targets, also where they are all that a live slot has: they are gone, and whoever has
   * their addresses now must not be asked. `fillSlot` brings them back. Touches no other target: it needs no fence.
   */
  dropTargets(ref: SlotRef, names: readonly string[]): Promise<void>
  /**
   * The switch: one atomic step, read back. A router that is not as `from` says is not switched.
   * @returns the slot that is live now. @throws router.unavailable where it has to be put right first
   */
  switchTo(ref: SlotRef, fence: bigint, from: Routed): Promise<Slot>
  liveSlot(seat: number): Promise<Slot | null>
  traffic(ref: SlotRef): Promise<SlotTraffic>
  /** One look at both slots of these seats. @throws router.unavailable */
  sample(seats: readonly number[]): Promise<SlotSample[]>
  /** Sends a request through the router as a user would. @returns the name of the instance that answered, or null */
  askThrough(host: HostName, path: string): Promise<{ instance: string | null; status: number }>
  /**
   * Makes the router (started anew, or doubted) agree with Postgres. The rows are read after the router was, so
   * that nothing it knows can be newer than they are; what changes meanwhile is left alone.
   */
  restore(readRoutes: () => Promise<readonly Route[]>): Promise<void>
  forget(seat: number): Promise<void>
}
