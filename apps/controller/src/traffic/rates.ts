/** From two looks at the router's counters to what happens per second. */
import type { Slot } from '@tagship/domain'
import type { AppRecord, SlotSample } from '@tagship/engine'
import type { Counted } from './minutes.ts'

export interface SlotLook extends Counted {
  readonly requestsPerSecond: number
  readonly errorsPerSecond: number
  readonly inFlight: number
  readonly targets: SlotSample['targets']
}

export interface AppLook {
  readonly appId: string
  readonly app: string
  readonly live: Slot | null
  /** The slot that was live before stands in for the live one. */
  readonly backupInUse: boolean
  readonly slots: readonly SlotLook[]
}

export interface TrafficLook {
  readonly at: Date
  readonly apps: readonly AppLook[]
}

/** What the look before has counted. */
export interface Before {
  readonly at: Date
  readonly samples: ReadonlyMap<string, SlotSample>
}

export function compareLooks(
  at: Date,
  apps: readonly AppRecord[],
  samples: readonly SlotSample[],
  before: Before | null,
): { readonly look: TrafficLook; readonly before: Before } {
  const seconds = before ? Math.max(0.001, (at.getTime() - before.at.getTime()) / 1_000) : null
  const bySeat = Map.groupBy(samples, ({ seat }) => seat)
  const looks = apps.map((app) => {
    const filled = (bySeat.get(app.seat) ?? []).filter(({ targets }) => targets.length > 0)
    const slots = filled.map((sample) => lookAt(app, sample, before?.samples.get(keyOf(sample)), seconds))
    const live = app.liveSlot
    return { appId: app.id, app: app.name, live, backupInUse: standsIn(live, slots), slots }
  })
  const kept = new Map(samples.map((sample) => [keyOf(sample), sample]))
  return { look: { at, apps: looks }, before: { at, samples: kept } }
}

function keyOf({ seat, slot }: SlotSample): string {
  return `${seat} ${slot}`
}

function lookAt(
  app: AppRecord,
  sample: SlotSample,
  before: SlotSample | undefined,
  seconds: number | null,
): SlotLook {
  const { slot, responseMs, inFlight, targets } = sample
  // A router that was started again counts from zero; what was counted before the first look is not ours.
  const fresh = before !== undefined && sample.requests < before.requests
  const since = (now: number, then: number | undefined) =>
    then === undefined ? 0 : Math.max(0, now - (fresh ? 0 : then))
  const requests = since(sample.requests, before?.requests)
  const errors = since(sample.serverErrors, before?.serverErrors)
  const perSecond = (count: number) => (seconds === null ? 0 : Math.round((count / seconds) * 10) / 10)
  return {
    ...{ appId: app.id, slot, requests, errors, responseMs, inFlight, targets },
    requestsPerSecond: perSecond(requests),
    errorsPerSecond: perSecond(errors),
  }
}

/** No target of the live slot can be reached, and one of the other can. */
function standsIn(live: Slot | null, slots: readonly SlotLook[]): boolean {
  const up = (slot: SlotLook) => slot.targets.some((target) => target.up)
  return (
    live !== null &&
    slots.some((one) => one.slot !== live && up(one)) &&
    !slots.some((one) => one.slot === live && up(one))
  )
}
