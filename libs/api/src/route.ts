import type { ErrorCode } from '@tagship/domain/errors'
import type { z } from 'zod'
import type { Role } from './values.ts'

/** One route: the server's validation, the OpenAPI document and the client's types all come from it. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** With `:name` for each key of `params`. */
  readonly path: string
  readonly summary: string
  /** What a token needs at least; null: open to all. */
  readonly role: Role | null
  readonly params?: z.ZodObject
  readonly query?: z.ZodObject
  readonly body?: z.ZodType
  /** The JSON of the answer; without it the answer has no body, or is plain text. */
  readonly response?: z.ZodType
  /** What one server-sent event carries, where the caller accepts `text/event-stream`. */
  readonly stream?: z.ZodType
  readonly status: number
  /** Another status that comes with the same answer. */
  readonly orStatus?: number
  /** What can go wrong besides `commonErrors`. */
  readonly errors: readonly ErrorCode[]
}

/** What any route that needs a token can answer. */
export const commonErrors = [
  'input.invalid',
  'auth.missing',
  'auth.invalid',
  'auth.forbidden',
  'database.unavailable',
  'internal',
] as const satisfies readonly ErrorCode[]

/** What any write can answer besides. */
export const writeErrors = [
  'idempotency.mismatch',
  'request.conflict',
  'input.tooLarge',
] as const satisfies readonly ErrorCode[]

/** A request that changes something: it takes an `Idempotency-Key`, and leaves an entry in the audit. */
export function isWrite(route: { readonly method: string }): boolean {
  return route.method !== 'GET'
}
