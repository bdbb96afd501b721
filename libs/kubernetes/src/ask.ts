/** Questions to an API server that always end, with errors in the cluster's own words. */
import { setTimeout as sleep } from 'node:timers/promises'
import { ApiException, PatchStrategy, setHeaderOptions } from '@kubernetes/client-node'
import { TagshipError } from '@tagship/domain'

/** How often a server that has too much to do is asked again before others are told. */
const patience = 4

/** What the API server said; code 0: it said nothing. */
export interface Refusal {
  readonly code: number
  readonly reason: string
  readonly words: string
}

/** @throws cluster.unavailable, cluster.timeout, cluster.unauthorized, cluster.refused; the answer as `cause` */
export async function askCluster<T>(what: string, call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call()
    } catch (error) {
      const refusal = refusalOf(error)
      if (refusal?.code === 429 && attempt < patience) {
        await sleep(retryAfterMs(error))
        continue
      }
      throw toClusterError(what, error, refusal)
    }
  }
}

/** The value, or null where the API server answers with one of these statuses. */
export async function unlessStatus<T>(asking: Promise<T>, ...codes: number[]): Promise<T | null> {
  try {
    return await asking
  } catch (error) {
    if (codes.includes(statusOf(error) ?? 0)) return null
    throw error
  }
}

/** The HTTP status of the API server's answer, also when it is the cause of `error`; null where there was none. */
export function statusOf(error: unknown): number | null {
  if (error instanceof ApiException) return error.code
  return error instanceof Error && error.cause !== undefined ? statusOf(error.cause) : null
}

/** What the API server said in an error that `askCluster` has thrown. */
export function wordsOf(error: unknown): string {
  if (error instanceof ApiException) return refusalOf(error)?.words ?? String(error.code)
  if (error instanceof Error && error.cause !== undefined) return wordsOf(error.cause)
  return error instanceof Error ? error.message : String(error)
}

/** Options of a call that applies an object server-side. */
export const asApply = () => setHeaderOptions('Content-Type', PatchStrategy.ServerSideApply)

function refusalOf(error: unknown): Refusal | null {
  if (!(error instanceof ApiException)) return null
  const status = parseStatus(error.body)
  return {
    code: error.code,
    reason: status.reason ?? '',
    words: status.message ?? (error.code === 401 ? 'Unauthorized' : `status ${error.code}`),
  }
}

function parseStatus(body: unknown): { readonly reason?: string; readonly message?: string } {
  if (typeof body === 'object' && body !== null) return body
  if (typeof body !== 'string') return {}
  try {
    const parsed: unknown = JSON.parse(body)
    return typeof parsed === 'object' && parsed !== null ? parsed : {}
  } catch {
    return { message: body.trim().slice(0, 500) }
  }
}

function retryAfterMs(error: unknown): number {
  const header = error instanceof ApiException ? Number(error.headers['retry-after']) : Number.NaN
  return Number.isFinite(header) ? Math.min(header, 5) * 1_000 : 1_000
}

function toClusterError(what: string, cause: unknown, refusal: Refusal | null): TagshipError {
  if (cause instanceof TagshipError) return cause
  if (refusal?.code === 401)
    return new TagshipError('cluster.unauthorized', `${what}: ${refusal.words}`, { cause })
  if (refusal) return new TagshipError('cluster.refused', `${what}: ${refusal.words}`, { cause })
  const name = cause instanceof Error ? cause.name : ''
  if (name === 'TimeoutError' || name === 'AbortError')
    return new TagshipError('cluster.timeout', `${what}: no answer in time`, { cause })
  return new TagshipError('cluster.unavailable', `${what}: ${rootOf(cause)}`, { cause })
}

/** `fetch failed` says nothing; what it was caused by does. */
function rootOf(error: unknown): string {
  if (error instanceof Error && error.cause instanceof Error) return rootOf(error.cause)
  return error instanceof Error ? error.message || error.name : String(error)
}
