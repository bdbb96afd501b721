/** A write that is sent twice with one key is done once, and answered twice. */
import { TagshipError } from '@tagship/domain'
import { type Database, storableJson } from './database.ts'

export type IdempotentStart =
  | { readonly kind: 'new' }
  | { readonly kind: 'replay'; readonly status: number; readonly response: unknown }

/** Whoever began it and has not finished by then is taken for dead. */
const abandonedMs = 60_000

interface KeyRow {
  readonly request_hash: string
  readonly status: number | null
  readonly response: unknown
  readonly began: boolean
}

const begin = {
  name: 'begin-idempotent',
  text: `
    WITH began AS (
      INSERT INTO idempotency_keys AS k (key, actor, request_hash) VALUES ($1, $2, $3)
      ON CONFLICT (actor, key) DO UPDATE SET created_at = now()
        WHERE k.status IS NULL AND k.request_hash = $3
          AND k.created_at < now() - $4 * interval '1 millisecond'
      RETURNING request_hash, status, response
    )
    SELECT *, true AS began FROM began
    UNION ALL
    SELECT request_hash, status, response, false FROM idempotency_keys
    WHERE key = $1 AND actor = $2 AND NOT EXISTS (SELECT FROM began)`,
}

const finish = {
  name: 'finish-idempotent',
  text: 'UPDATE idempotency_keys SET status = $3, response = $4 WHERE key = $1 AND actor = $2',
}

const forget = {
  name: 'forget-idempotent',
  text: 'DELETE FROM idempotency_keys WHERE key = $1 AND actor = $2 AND status IS NULL',
}

/** Whoever sends a write again does so sooner. */
const keptMs = 24 * 3_600_000

const forgetOld = {
  name: 'forget-old-idempotent',
  text: `DELETE FROM idempotency_keys WHERE created_at < now() - $1 * interval '1 millisecond'`,
}

export const idempotency = (database: Database) => ({
  /** @throws idempotency.mismatch, request.conflict while the first one is under way */
  async beginIdempotent(key: string, actor: string, requestHash: string): Promise<IdempotentStart> {
    const values = [key, actor, requestHash, abandonedMs]
    const [row] = await database.query<KeyRow & Record<string, unknown>>(begin, values)
    if (row?.began) return { kind: 'new' }
    if (row && row.request_hash !== requestHash) {
      throw new TagshipError('idempotency.mismatch', `the key ${key} belongs to another request`)
    }
    if (row?.status == null) {
      throw new TagshipError('request.conflict', `the request with the key ${key} is still under way`)
    }
    return { kind: 'replay', status: row.status, response: row.response }
  },

  /** What was begun came to nothing: it may be asked for again. */
  async forgetIdempotent(key: string, actor: string): Promise<void> {
    await database.query(forget, [key, actor])
  },

  async finishIdempotent(key: string, actor: string, status: number, response: unknown): Promise<void> {
    await database.query(finish, [key, actor, status, JSON.stringify(storableJson(response))])
  },

  async forgetOldKeys(): Promise<void> {
    await database.query(forgetOld, [keptMs])
  },
})
