/** What runs in the slots of an app. */
import { slots } from '@tagship/domain/slot'
import { z } from 'zod'
import { time } from './values.ts'

const instance = z
  .object({
    name: z.string(),
    process: z.string(),
    ordinal: z.number().int(),
    slot: z.enum(slots),
    /** Whether its slot is the live one. */
    live: z.boolean(),
    deployment: z.uuid(),
    release: z.string(),
    /** `unknown`: the runtime does not answer; the rest is as it was last seen. */
    state: z.enum(['created', 'running', 'paused', 'restarting', 'replacing', 'exited', 'unknown']),
    /** What the router says, of one that takes traffic; else what the image's own check says. */
    health: z.enum(['healthy', 'unhealthy', 'starting', 'unknown']),
    address: z.string().nullable(),
    port: z.number().int().nullable(),
    startedAt: time.nullable(),
    restarts: z.number().int(),
    exitCode: z.number().int().nullable(),
    outOfMemory: z.boolean(),
  })
  .meta({ id: 'Instance' })
export type InstanceJson = z.output<typeof instance>

export const instanceList = z.object({
  items: z.array(instance),
  /** Whether the runtime answered. */
  seen: z.boolean(),
  next: z.null(),
})
