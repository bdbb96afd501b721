/** Env values and secrets of an app, as they are set and as they run. */
import { z } from 'zod'
import { deployment } from './deployment.ts'
import { reason, time } from './values.ts'

const setting = { name: z.string(), setBy: z.string().nullable(), setAt: time.nullable() }

const common = {
  /** The release that runs, and the number of its revision; null while nothing is live. */
  live: z.object({ release: z.string(), revision: z.number().int() }).nullable(),
  /** Names, env and secrets alike, for which something else runs than what is set. */
  notLive: z.array(z.string()),
}

export const envList = z
  .object({
    items: z.array(
      z.object({
        ...setting,
        /** What is set; null: nothing, though it still runs. */
        value: z.string().nullable(),
        /** What runs; null: nothing. */
        liveValue: z.string().nullable(),
      }),
    ),
    ...common,
  })
  .meta({ id: 'EnvList' })
export type EnvListJson = z.output<typeof envList>

/** Never with a value. */
export const secretList = z
  .object({
    items: z.array(
      z.object({
        ...setting,
        /** What is set; null: nothing, though it still runs. */
        version: z.number().int().nullable(),
        /** What runs; null: nothing. */
        liveVersion: z.number().int().nullable(),
        /** False: it is sealed with a key that the controller does not have. */
        readable: z.boolean(),
      }),
    ),
    ...common,
  })
  .meta({ id: 'SecretList' })
export type SecretListJson = z.output<typeof secretList>

/** Names with their new values; null takes a name away. */
const values = z
  .record(z.string(), z.string().nullable())
  .refine((given) => Object.keys(given).length > 0, 'name at least one thing to change')
  .refine((given) => Object.keys(given).length <= 500, 'at most 500 names are one change')

const how = {
  /** Whether what serves is deployed anew with it; else the next deployment takes it. */
  deploy: z.boolean().default(true),
  reason: reason.optional(),
}

export const changeEnvBody = z.strictObject({ env: values, ...how })
export const changeSecretsBody = z.strictObject({ secrets: values, ...how })

export const configChange = z
  .object({
    /** Names whose value is another one now. */
    changed: z.array(z.string()),
    /**
     * `deploys`: a deployment was made for it. `joined`: one that waits, or has only begun, takes it along.
     * `stored`: the next deployment takes it. `none`: all was so already.
     */
    effect: z.enum(['deploys', 'joined', 'stored', 'none']),
    /** The one that brings it live. */
    deployment: deployment.nullable(),
  })
  .meta({ id: 'ConfigChange' })
export type ConfigChangeJson = z.output<typeof configChange>
