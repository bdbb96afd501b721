/** What one sees at a glance: every app, with what its slots hold, what is under way, its traffic and its alerts. */
import { slots } from '@tagship/domain/slot'
import { z } from 'zod'
import { app } from './app.ts'
import { line, page, pageQuery, time } from './values.ts'

const alertKinds = ['trouble', 'backupInUse', 'slotDown', 'tagMoved', 'pollFailed'] as const

const alert = z
  .object({
    /**
     * `trouble`: what should serve is not all there. `backupInUse`: the slot that was live before stands in.
     * `slotDown`: no instance of the live slot can be reached. `tagMoved`: a tag names another commit than it did.
     * `pollFailed`: the repository's tags cannot be read.
     */
    kind: z.enum(alertKinds),
    message: z.string(),
    since: time.nullable(),
    /** The tag, where it is about one. */
    tag: z.string().nullable(),
    /** The deployment, where it is about one. */
    deployment: z.uuid().nullable(),
  })
  .meta({ id: 'Alert' })
export type AlertJson = z.output<typeof alert>

const healths = ['healthy', 'degraded', 'down', 'empty', 'unknown'] as const

/** Which deployment holds the slot, and what the router can reach of it. */
const slotState = z
  .object({
    slot: z.enum(slots),
    live: z.boolean(),
    deployment: z.uuid().nullable(),
    release: z.string().nullable(),
    tag: z.string().nullable(),
    /** `healthy`: every target is reachable. `unknown`: the router was not asked yet, or does not answer. */
    health: z.enum(healths),
    /** Targets that the router reaches, and those that it should. */
    up: z.number().int().nullable(),
    targets: z.number().int().nullable(),
    /** Until when a replaced release stays warm. */
    warmUntil: time.nullable(),
  })
  .meta({ id: 'SlotState' })
export type SlotStateJson = z.output<typeof slotState>

/** Requests and errors (answers of 5xx) of the last hour, over both slots; the last minute is under way. */
const lastHour = z
  .object({
    /** Of the first minute. */
    from: time,
    /** One number a minute. */
    requests: z.array(z.number().int()),
    errors: z.array(z.number().int()),
  })
  .meta({ id: 'LastHour' })
export type LastHourJson = z.output<typeof lastHour>

const appCard = z
  .object({
    app,
    slots: z.array(slotState),
    /** Of the live slot; `empty` where nothing is live. */
    health: z.enum(healths),
    /** How far the active deployment is on its way to serving, from 0 to 1; null where none is under way. */
    progress: z.number().min(0).max(1).nullable(),
    /** Null while nothing was counted. */
    traffic: lastHour.nullable(),
    alerts: z.array(alert),
  })
  .meta({ id: 'AppCard' })
export type AppCardJson = z.output<typeof appCard>

export const overviewQuery = pageQuery.extend({
  /** Part of the name, of a host, or of the live tag. */
  q: line(100).optional(),
  show: z.enum(['all', 'underWay', 'held', 'alerting']).default('all'),
})

export const overview = page(appCard)
  .extend({
    /** Over all apps that the caller may see, whatever is filtered. */
    counts: z.object({
      apps: z.number().int(),
      live: z.number().int(),
      underWay: z.number().int(),
      held: z.number().int(),
      alerting: z.number().int(),
      /** Apps that the filter lets through. */
      matching: z.number().int(),
    }),
  })
  .meta({ id: 'Overview' })
export type OverviewJson = z.output<typeof overview>
