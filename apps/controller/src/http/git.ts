/** Hands everything under /git/ to git's own protocol, untouched; it asks for a token itself. */
import type { FastifyInstance } from 'fastify'
import type { ServerDeps } from './handler.ts'

export async function registerGit(server: FastifyInstance, { pushEndpoint }: ServerDeps): Promise<void> {
  await server.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    // The body stays in the raw request, of whatever type and size.
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
    scope.route({
      method: ['GET', 'POST'],
      url: '/git/*',
      schema: { hide: true },
      config: { role: null },
      handler: async (request, reply) => {
        reply.hijack()
        await pushEndpoint(request.raw, reply.raw)
      },
    })
  })
}
