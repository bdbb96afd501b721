/** What every write has in common: it happens once for each Idempotency-Key, and leaves an audit entry. */
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RouteName } from '@tagship/api'
import { canonicalJson, TagshipError, toTagshipError } from '@tagship/domain'
import type { IdempotentStart } from '@tagship/store'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { identityOf } from './access.ts'
import type { Auditor } from './audit.ts'
import { explain, problemType, tellWhenToRetry, toProblem } from './problems.ts'
import type { HttpStore } from './store.ts'
import { comparable, withoutSecrets } from './without-secrets.ts'

export interface Write {
  readonly store: HttpStore
  readonly auditor: Auditor
  readonly action: RouteName
  /** Of the answer where it goes well. */
  readonly status: number
  /** A field of the answer that is never kept. */
  readonly once?: string | undefined
  readonly act: () => Promise<unknown>
}

/**
 * Acts and answers; a request whose key was seen before gets the answer of then.
 * @throws idempotency.mismatch, request.conflict where the first request with the key is not done
 */
export async function performWrite(request: FastifyRequest, reply: FastifyReply, write: Write) {
  const { store, once } = write
  // Who is nobody yet has nothing that a key could belong to.
  const key = request.identity === null ? null : keyOf(request)
  const actor = request.identity?.name ?? ''
  const earlier = key === null ? { kind: 'new' as const } : await begin(store, key, actor, hashOf(request))
  if (earlier.kind === 'replay') {
    return answer(reply.header('idempotent-replayed', 'true'), earlier.status, earlier.response)
  }

  const { status, response } = await actAndAudit(request, write)
  if (key !== null) {
    // A failure of ours is no answer to keep: the same request may go well the next time.
    await noteInTheEnd(() =>
      status >= 500
        ? store.forgetIdempotent(key, actor)
        : store.finishIdempotent(key, actor, status, withoutField(withoutSecrets(response), once)),
    )
  }
  return answer(reply, status, response)
}

function withoutField(response: unknown, field: string | undefined): unknown {
  if (field === undefined || typeof response !== 'object' || response === null) return response
  return Object.hasOwn(response, field) ? { ...response, [field]: null } : response
}

/** A beginning whose answer got lost may stand all the same: nobody shall have to wait until it counts as abandoned. */
async function begin(store: HttpStore, key: string, actor: string, hash: string): Promise<IdempotentStart> {
  try {
    return await store.beginIdempotent(key, actor, hash)
  } catch (error) {
    if (toTagshipError(error).code === 'database.unavailable') {
      void noteInTheEnd(() => store.forgetIdempotent(key, actor))
    }
    throw error
  }
}

const againMs = 1_000
/** Less than the time after which a key counts as abandoned, and is given to whoever asks. */
const giveUpMs = 50_000

/** What was done is done and is answered, also where its key cannot be noted now: that is caught up in the background. */
async function noteInTheEnd(note: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + giveUpMs
  const attempt = (): Promise<void> =>
    note().catch(async () => {
      await sleep(againMs, undefined, { ref: false })
      if (Date.now() < deadline) await attempt()
    })
  await Promise.race([attempt(), sleep(againMs, undefined, { ref: false })])
}

/**
 * Of what a write with a key makes: the same for the same key and caller, so that a write whose answer got lost
 * makes nothing a second time. Undefined without a key.
 */
export function idOfWrite(request: FastifyRequest): string | undefined {
  const key = keyOf(request)
  if (key === null) return undefined
  const digest = createHash('sha256')
    .update(canonicalJson([identityOf(request).name, key, hashOf(request)]))
    .digest()
  return v8(digest)
}

/** A UUID of version 8 (RFC 9562 §5.8) from the digest's first bytes. */
function v8(digest: Buffer): string {
  const bytes = Buffer.from(digest.subarray(0, 16))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

async function actAndAudit(
  request: FastifyRequest,
  { auditor, action, status, act }: Write,
): Promise<{ status: number; response: unknown }> {
  try {
    const response = (await act()) ?? null
    await auditor.wrote(request, action, { status, response })
    return { status, response }
  } catch (thrown) {
    const error = explain(thrown)
    if (error.entry.httpStatus >= 500) request.log.error({ err: thrown, code: error.code }, 'request failed')
    await auditor.wrote(request, action, { error })
    return { status: error.entry.httpStatus, response: toProblem(request, error) }
  }
}

function answer(reply: FastifyReply, status: number, response: unknown): FastifyReply {
  reply.code(status)
  tellWhenToRetry(reply, status)
  if (status >= 400) return reply.type(problemType).send(JSON.stringify(response))
  return status === 204 ? reply.send() : reply.send(response)
}

/** @throws input.invalid */
function keyOf(request: FastifyRequest): string | null {
  const key = request.headers['idempotency-key']
  if (key === undefined) return null
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,128}$/.test(key)) {
    throw new TagshipError(
      'input.invalid',
      'Idempotency-Key: must be 1 to 128 printable characters without spaces',
    )
  }
  return key
}

function hashOf(request: FastifyRequest): string {
  const { method, url, body } = request
  return createHash('sha256')
    .update(canonicalJson({ method, url, body: comparable(body) ?? null }))
    .digest('hex')
}
