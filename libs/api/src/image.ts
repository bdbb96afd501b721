import { z } from 'zod'
import { time } from './values.ts'

export const layer = z
  .object({
    /** Of its content; equal digests are one layer. Null where the engine does not tell. */
    digest: z.string().nullable(),
    bytes: z.number().int(),
    /** The instruction that made it. */
    createdBy: z.string(),
  })
  .meta({ id: 'Layer' })
export type LayerJson = z.output<typeof layer>

/** The image of a deployment's release. */
export const image = z
  .object({
    digest: z.string().nullable(),
    bytes: z.number().int().nullable(),
    /** Whether it is on this machine; null: the engine does not answer. */
    present: z.boolean().nullable(),
    createdAt: time.nullable(),
    /** Lowest first; null where it is not present. */
    layers: z.array(layer).nullable(),
  })
  .meta({ id: 'Image' })
export type ImageJson = z.output<typeof image>
