import { z } from 'zod'
import { time } from './values.ts'

/** Attempts in a row on one instance that ended in the same way. */
export const healthAttempts = z
  .object({
    instance: z.string(),
    process: z.string(),
    healthy: z.boolean(),
    /** What was found: `connection refused`, `status 503`. */
    detail: z.string(),
    attempts: z.number().int(),
    firstAt: time,
    lastAt: time,
  })
  .meta({ id: 'HealthAttempts' })
export type HealthAttemptsJson = z.output<typeof healthAttempts>
