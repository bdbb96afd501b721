/** What the router has counted. */
import { slots } from '@tagship/domain/slot'
import { z } from 'zod'
import { line, moment, time } from './values.ts'

/** Of one slot, over the last few seconds. */
const slotRate = z
  .object({
    slot: z.enum(slots),
    requestsPerSecond: z.number(),
    errorsPerSecond: z.number(),
    /** Average time until an answer began, over the last 1,024 requests; null before the first. */
    responseMs: z.number().nullable(),
    /** Requests and WebSockets under way. */
    inFlight: z.number().int(),
    /** Targets that the router reaches, and those that it should. */
    up: z.number().int(),
    targets: z.number().int(),
  })
  .meta({ id: 'SlotRate' })
export type SlotRateJson = z.output<typeof slotRate>

/** One look at the router. A slot without targets is left out. */
export const trafficSample = z
  .object({
    at: time,
    apps: z.array(
      z.object({
        app: z.string(),
        /** Where requests go; null where nothing is live. */
        live: z.enum(slots).nullable(),
        /** The slot that was live before stands in for the live one. */
        backupInUse: z.boolean(),
        slots: z.array(slotRate),
      }),
    ),
  })
  .meta({ id: 'TrafficSample' })
export type TrafficSampleJson = z.output<typeof trafficSample>

export const liveTrafficQuery = z.strictObject({ app: line(100).optional() })

export const trafficQuery = z.strictObject({
  /** An hour ago, unless told. */
  since: moment.optional(),
  until: moment.optional(),
  /** Seconds in one step: whole minutes. Chosen to give at most 300 steps, unless told. */
  step: z.coerce.number().int().min(60).max(86_400).multipleOf(60).optional(),
})

const series = z.array(z.number().int())

/** One number a step; what was not counted is 0. */
export const trafficHistory = z
  .object({
    app: z.string(),
    from: time,
    /** Seconds. */
    step: z.number().int(),
    slots: z.array(
      z.object({
        slot: z.enum(slots),
        requests: series,
        /** Answers of 5xx. */
        errors: series,
        /** Average time until an answer began; null where there were no requests. */
        responseMs: z.array(z.number().nullable()),
      }),
    ),
  })
  .meta({ id: 'TrafficHistory' })
export type TrafficHistoryJson = z.output<typeof trafficHistory>
