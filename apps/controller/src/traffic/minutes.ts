/** Counts of requests, minute by minute: the last hour in memory, and what has to be written down. */
import type { Slot } from '@tagship/domain'
import type { TrafficMinute } from '@tagship/store'

export const minuteMs = 60_000
/** The minute under way is the last of them. */
const kept = 60

export interface Counted {
  readonly appId: string
  readonly slot: Slot
  readonly requests: number
  readonly errors: number
  /** The average of late; null before the first answer. */
  readonly responseMs: number | null
}

export interface LastHour {
  readonly from: Date
  /** One number a minute. */
  readonly requests: number[]
  readonly errors: number[]
}

export interface Minutes {
  /** Adds what was counted at a moment. @returns the minutes that are over by now, to be written down */
  add(at: Date, counts: readonly Counted[]): TrafficMinute[]
  /** As it was written down before. */
  remember(minutes: readonly TrafficMinute[]): void
  /** The minute under way, which is not whole yet. */
  underWay(): TrafficMinute[]
  /** Over both slots; null where nothing was counted. */
  lastHour(appId: string, now: Date): LastHour | null
}

interface Sum {
  requests: number
  errors: number
  /** Milliseconds, weighted by requests. */
  responses: number
}

export function createMinutes(): Minutes {
  /** By the minute's beginning, then by app and slot. */
  const minutes = new Map<number, Map<string, Sum>>()
  let current = Number.NEGATIVE_INFINITY

  const sumOf = (minute: number, appId: string, slot: Slot): Sum => {
    const sums = minutes.get(minute) ?? new Map<string, Sum>()
    minutes.set(minute, sums)
    const key = `${appId} ${slot}`
    const sum = sums.get(key) ?? { requests: 0, errors: 0, responses: 0 }
    sums.set(key, sum)
    return sum
  }

  return {
    add(at, counts) {
      const minute = startOfMinute(at)
      const over = minute > current ? toRows(current, minutes.get(current)) : []
      current = Math.max(current, minute)
      for (const { appId, slot, requests, errors, responseMs } of counts) {
        if (requests === 0) continue
        const sum = sumOf(minute, appId, slot)
        sum.requests += requests
        sum.errors += errors
        sum.responses += requests * (responseMs ?? 0)
      }
      for (const old of minutes.keys()) if (old <= minute - kept * minuteMs) minutes.delete(old)
      return over
    },
    remember(rows) {
      for (const { appId, slot, at, requests, errors, responseMs } of rows) {
        const sum = sumOf(at.getTime(), appId, slot)
        Object.assign(sum, { requests, errors, responses: requests * responseMs })
      }
    },
    underWay: () => toRows(current, minutes.get(current)),
    lastHour(appId, now) {
      const from = startOfMinute(now) - (kept - 1) * minuteMs
      const each = Array.from({ length: kept }, (_, index) => {
        const sums = minutes.get(from + index * minuteMs)
        return [sums?.get(`${appId} blue`), sums?.get(`${appId} green`)] as const
      })
      if (!each.some(([blue, green]) => blue || green)) return null
      const total = (of: 'requests' | 'errors') =>
        each.map(([blue, green]) => (blue?.[of] ?? 0) + (green?.[of] ?? 0))
      return { from: new Date(from), requests: total('requests'), errors: total('errors') }
    },
  }
}

function startOfMinute(moment: Date): number {
  return Math.floor(moment.getTime() / minuteMs) * minuteMs
}

function toRows(minute: number, sums: ReadonlyMap<string, Sum> | undefined): TrafficMinute[] {
  return [...(sums ?? [])].map(([key, { requests, errors, responses }]) => {
    const [appId = '', slot] = key.split(' ')
    const responseMs = Math.round(responses / requests)
    return {
      appId,
      slot: slot === 'green' ? 'green' : 'blue',
      at: new Date(minute),
      requests,
      errors,
      responseMs,
    }
  })
}
