/** What every write has in common: it happens once for each Idempotency-Key, and leaves an audit entry. */
import { createHash } from 'node:crypto'
import type { RouteName } from '@tagship/api'
import { canonicalJson, TagshipError } from '@tagship/domain'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { identityOf } from './access.ts'
import type { Auditor } from './audit.ts'
import { explain, problemType, toProblem } from './problems.ts'
import type { HttpStore } from './store.ts'

export interface Write {
  readonly store: HttpStore
  readonly auditor: Auditor
  readonly action: RouteName
  /** Of the answer where it goes well. */
  readonly status: number
  readonly act: () => Promise<unknown>
}

/**
 * Acts and answers; a request whose key was seen before gets the answer of then.
 * @throws idempotency.mismatch, request.conflict where the first request with the key is not done
 */
export async function performWrite(request: FastifyRequest, reply: FastifyReply, write: Write) {
  const key = keyOf(request)
  const actor = identityOf(request).name
  const earlier =
    key === null ? { kind: 'new' as const } : await write.store.beginIdempotent(key, actor, hashOf(request))
  if (earlier.kind === 'replay') {
    return answer(reply.header('idempotent-replayed', 'true'), earlier.status, earlier.response)
  }

  const { status, response } = await actAndAudit(request, write)
  if (key !== null) await write.store.finishIdempotent(key, actor, status, response)
  return answer(reply, status, response)
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
    .update(canonicalJson({ method, url, body: body ?? null }))
    .digest('hex')
}
