/** Everything that goes wrong becomes a problem document (RFC 9457); nothing of the inside is told. */
import { type Problem, problemOf } from '@tagship/api'
import { TagshipError } from '@tagship/domain'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'

export const problemType = 'application/problem+json'

export function answerWithProblems(server: FastifyInstance): void {
  server.setErrorHandler<FastifyError>((error, request, reply) => sendProblem(request, reply, error))
  server.setNotFoundHandler((request, reply) =>
    sendProblem(
      request,
      reply,
      new TagshipError('route.notFound', `there is no ${request.method} ${pathOf(request)}`),
    ),
  )
}

export function sendProblem(request: FastifyRequest, reply: FastifyReply, error: unknown): FastifyReply {
  const known = explain(error)
  if (known.entry.httpStatus >= 500) request.log.error({ err: error, code: known.code }, 'request failed')
  const problem = toProblem(request, known)
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="tagship"')
  tellWhenToRetry(reply, problem.status)
  return reply.code(problem.status).type(problemType).send(JSON.stringify(problem))
}

/** Seconds; what is away is tried again about as often by the controller itself. */
const retryAfter = '2'

export function tellWhenToRetry(reply: FastifyReply, status: number): void {
  if (status === 503) reply.header('retry-after', retryAfter)
}

export function toProblem(request: FastifyRequest, error: TagshipError): Problem {
  return problemOf(error.code, error.message, pathOf(request))
}

/** Any error as one of the catalogue; what is not known there is told in general words only. */
export function explain(error: unknown): TagshipError {
  if (error instanceof TagshipError && error.code !== 'internal') return error
  if (hasZodFastifySchemaValidationErrors(error)) {
    const fields = error.validation.map((issue) => {
      const field = issue.instancePath.slice(1).replaceAll('/', '.')
      return `${field || error.validationContext || 'request'}: ${issue.message}`
    })
    return new TagshipError('input.invalid', fields.slice(0, 5).join('; '))
  }
  const { code, statusCode, message } = readFastifyError(error)
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return new TagshipError('input.tooLarge', 'the body is too large')
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new TagshipError(
      'input.invalid',
      'the body must be JSON, with the header content-type: application/json',
    )
  }
  if (statusCode >= 400 && statusCode < 500) return new TagshipError('input.invalid', message)
  return new TagshipError('internal', `something unexpected happened at ${new Date().toISOString()}`, {
    cause: error,
  })
}

function readFastifyError(error: unknown): { code: string; statusCode: number; message: string } {
  if (!(error instanceof Error)) return { code: '', statusCode: 500, message: '' }
  const code: unknown = Reflect.get(error, 'code')
  const statusCode: unknown = Reflect.get(error, 'statusCode')
  return {
    code: typeof code === 'string' ? code : '',
    statusCode: typeof statusCode === 'number' ? statusCode : 500,
    message: error.message,
  }
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '/'
}
