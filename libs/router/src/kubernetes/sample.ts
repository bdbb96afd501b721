/** One look at the slots of many apps, as far as there are counters: see `counts.ts`. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Slot, slots } from '@tagship/domain'
import type { SlotSample } from '@tagship/engine'
import { type CountedPod, readCounts, sumCounts } from './counts.ts'
import type { Sight } from './seen.ts'
import type { Spot } from './services.ts'

export type Sampler = (spots: ReadonlyMap<number, Spot>, seats: readonly number[]) => Promise<SlotSample[]>

/** A cluster that takes longer has no figures this time. */
const patienceMs = 1_000

export function createSampler(sight: Sight): Sampler {
  /** By app and slot. A set never changes: one without counters is not asked again. */
  const uncounted = new Map<string, string>()
  /** Of a cluster that hangs, one question at a time is enough. */
  const underWay = new Set<string>()

  const look = async (spot: Spot, slot: Slot, set: string): Promise<readonly CountedPod[]> => {
    const key = `${spot.app} ${slot}`
    if (uncounted.get(key) === set || underWay.has(key)) return []
    underWay.add(key)
    const reading = readCounts(spot, set)
      .then((pods) => {
        if (pods === null) uncounted.set(key, set)
        return pods ?? []
      })
      .catch(() => [])
      .finally(() => underWay.delete(key))
    return Promise.race([reading, sleep(patienceMs, [])])
  }
  return async (spots, seats) => {
    const looks = seats.flatMap((seat) =>
      slots.map(async (slot) => {
        const spot = spots.get(seat)
        const set = spot && sight.look(spot)?.state?.sets[slot]
        const pods = set ? await look(spot, slot, set) : []
        return pods.length === 0 ? [] : [{ seat, slot, ...summary(pods) }]
      }),
    )
    return (await Promise.all(looks)).flat()
  }
}

function summary(pods: readonly CountedPod[]) {
  const traffic = sumCounts(pods)
  const busy = pods.flatMap(({ counts }) => (counts && counts.requests > 0 ? [counts] : []))
  const weighted = busy.reduce((sum, { requests, responseMs }) => sum + requests * responseMs, 0)
  return {
    ...traffic,
    responseMs: busy.length > 0 ? Math.round(weighted / traffic.requests) : null,
    targets: pods.map(({ name, isReady }) => ({ name, up: isReady })),
  }
}
