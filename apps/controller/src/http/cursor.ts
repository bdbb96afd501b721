/** Cursors of pages: opaque to callers, and checked like everything that comes from outside. */
import { TagshipError } from '@tagship/domain'
import type { DeploymentPosition } from '@tagship/store'
import { z } from 'zod'

export function writeCursor(position: string | number | bigint): string {
  return Buffer.from(String(position)).toString('base64url')
}

/** @throws input.invalid */
export function readNumberCursor(cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined
  const text = decode(cursor)
  if (!/^\d{1,15}$/.test(text)) throw notACursor()
  return Number(text)
}

/** @throws input.invalid */
export function readBigintCursor(cursor: string | undefined): bigint | undefined {
  if (cursor === undefined) return undefined
  const text = decode(cursor)
  if (!/^\d{1,18}$/.test(text)) throw notACursor()
  return BigInt(text)
}

/** @throws input.invalid */
export function readTextCursor(cursor: string | undefined): string | undefined {
  return cursor === undefined ? undefined : decode(cursor)
}

export function writeDeploymentCursor({ at, id }: DeploymentPosition): string {
  return writeCursor(`${at.toISOString()} ${id}`)
}

/** @throws input.invalid */
export function readDeploymentCursor(cursor: string | undefined): DeploymentPosition | undefined {
  if (cursor === undefined) return undefined
  const [time = '', id = ''] = decode(cursor).split(' ')
  const at = z.iso.datetime({ precision: 3 }).safeParse(time).data
  if (at === undefined || !z.uuid().safeParse(id).success) throw notACursor()
  return { at: new Date(at), id }
}

function decode(cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString()
  // Strict both ways: what is not exactly what was handed out is refused.
  if (writeCursor(text) !== cursor || /\p{Cc}/u.test(text)) throw notACursor()
  return text
}

function notACursor(): TagshipError {
  return new TagshipError('input.invalid', 'cursor: must be the "next" of the page before')
}

export interface Page<T> {
  readonly items: T[]
  readonly next: string | null
}

/**
 * Makes a page from one row more than it holds: the one too many tells that there is another page.
 * `position` says what stands in the cursor after a row.
 */
export function toPage<T>(
  rows: readonly T[],
  limit: number,
  position: (row: T) => string | number | bigint,
): Page<T> {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return { items, next: rows.length > limit && last !== undefined ? writeCursor(position(last)) : null }
}
