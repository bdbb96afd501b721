/** What the prober has seen. Plain data, but for `answersBy`, which JSON leaves out. */
import type { KindName } from './kinds.ts'

export interface FailedRequest {
  readonly kind: KindName
  readonly startedAt: Date
  readonly failedAt: Date
  /** Null where no answer's head came. */
  readonly status: number | null
  readonly version: string | null
  readonly message: string
}

/** Milliseconds, of requests that succeeded; within 2 %. */
export interface Latency {
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly max: number
}

export interface TrafficReport {
  /** Requests that have come to an end, whichever. A stream and a WebSocket are one request each. */
  readonly requests: number
  readonly failed: number
  /** The first of them: `failuresKept`. */
  readonly failures: readonly FailedRequest[]
  /** Requests by the version that answered; those without any answer are in none. */
  readonly versions: Readonly<Record<string, number>>
  readonly latencyMs: Latency
  /** The longest time in which nothing right came back, until the prober was told to stop. */
  readonly longestGapMs: number
}

/** A named moment, and what had been counted by then. */
export interface Mark {
  readonly name: string
  readonly at: Date
  readonly requests: number
  readonly failed: number
}

export interface ProberReport {
  readonly startedAt: Date
  /** When the report was made. */
  readonly at: Date
  readonly inFlight: number
  readonly total: TrafficReport
  readonly kinds: Readonly<Partial<Record<KindName, TrafficReport>>>
  readonly marks: readonly Mark[]
  /**
   * How many requests *started* after the one moment (a later millisecond) and before the other were answered by
   * the version: 0 by the old version proves a switch. Throws a RangeError where it is too long ago to tell.
   */
  answersBy(version: string, when: { readonly startedAfter: Date; readonly startedBefore?: Date }): number
}
