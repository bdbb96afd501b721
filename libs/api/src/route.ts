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
  /**
   * What the role has to be for. Left out: for the app or deployment that the path names, and for the whole
   * installation where it names none. `own`: the route is for everybody, and shows of apps only what the caller may see.
   */
  readonly scope?: 'own'
  readonly params?: z.ZodObject
  readonly query?: z.ZodObject
  readonly body?: z.ZodType
  /** The JSON of the answer; without it the answer has no body, or is plain text. */
  readonly response?: z.ZodType
  /** What one server-sent event carries, where the caller accepts `text/event-stream`. */
  readonly stream?: z.ZodType
  readonly status: number
  /** A field of the answer that is shown once: a write that is sent again gets null in its place. */
  readonly once?: string
  /** Of a route that is open: how often it may be asked is limited. */
  readonly limited?: true
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
  'auth.crossSite',
  'auth.unknownAddress',
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
