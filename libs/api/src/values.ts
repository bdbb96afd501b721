/** Values that the schemas of this folder share. */
import { z } from 'zod'

export { type Role, roleAllows, roles } from '@tagship/domain/role'

/** RFC 3339, UTC, milliseconds: `2026-11-23T19:23:10.123Z`. */
export const time = z.iso.datetime({ precision: 3 })

/** A moment that a caller names, with its zone. */
export const moment = z.iso.datetime({ offset: true })

export const commit = z.string().regex(/^[0-9a-f]{40}$/, 'must be a full commit SHA (40 hex digits)')

/** One line from outside, without control characters: a database cannot hold some, a terminal obeys others. */
export function line(longest: number) {
  return z
    .string()
    .min(1)
    .max(longest)
    .regex(/^\P{Cc}*$/u, 'must not have control characters')
}

/** A note of a person on why; kept in the history for ever. */
export const reason = line(500)

export const appParams = z.object({ app: line(100) })
export const deploymentParams = z.object({ id: z.uuid('must be the id (a UUID) of a deployment') })

/** `?limit=&cursor=`: the cursor is the `next` of the page before, and means nothing else. */
export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: line(200).optional(),
})

export function page<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), next: z.string().nullable() })
}

/** `?a=x,y`: one or more of the known values. */
export function listOf<const T extends readonly [string, ...string[]]>(known: T) {
  const item = z.enum(known)
  return z
    .string()
    .max(500)
    .transform((text) => text.split(','))
    .pipe(z.array(item).min(1).max(known.length))
}
