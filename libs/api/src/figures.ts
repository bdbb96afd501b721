/** Figures from the history; docs/guides/figures.md says what each of them means. */
import { z } from 'zod'
import { moment, time } from './values.ts'

export const figuresQuery = z.strictObject({
  /** 30 days ago, unless told; at most 400 days before `until`. */
  since: moment.optional(),
  /** Now, unless told. */
  until: moment.optional(),
})

const spread = {
  /** Milliseconds; null where there is no sample. */
  p50: z.number().int().nullable(),
  p95: z.number().int().nullable(),
  samples: z.number().int(),
}

const rate = {
  /** From 0 to 1; null where there is no sample. */
  rate: z.number().nullable(),
  samples: z.number().int(),
}

export const figures = z
  .object({
    /** Null: over all apps. */
    app: z.string().nullable(),
    since: time,
    until: time,
    /** Changes that came to serve. */
    deploymentFrequency: z.object({ perDay: z.number(), samples: z.number().int() }),
    /** From the commit to the first time that it served. */
    leadTime: z.object(spread),
    /** Changes that served and had to be taken back. */
    changeFailureRate: z.object({ ...rate, failures: z.number().int() }),
    /** From when a change that failed began to serve until what was before it served again. */
    timeToRestore: z.object(spread),
    /** Attempts that ended, and those of them that came to serve and stayed. */
    successRate: z.object(rate),
    /** Time in each phase, of the newest deployments of the window. */
    phases: z.array(z.object({ name: z.string(), ...spread })),
    /** From its creation until it served. */
    toServing: z.object(spread),
    /** One a day, oldest first; a day is one of UTC. */
    days: z.array(
      z.object({
        day: z.iso.date(),
        served: z.number().int(),
        failed: z.number().int(),
        rolledBack: z.number().int(),
      }),
    ),
    /** Of the newest releases that have one, oldest first; empty over all apps. */
    imageSizes: z.array(z.object({ release: z.string(), at: time, bytes: z.number().int() })),
    /** Of images made in the window. */
    imageBytes: z.object({
      p50: z.number().int().nullable(),
      p95: z.number().int().nullable(),
      samples: z.number().int(),
    }),
  })
  .meta({ id: 'Figures' })
export type FiguresJson = z.output<typeof figures>
