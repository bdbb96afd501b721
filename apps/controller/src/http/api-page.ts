/** A page to read the API's description: Swagger UI, from its package, without anything from elsewhere. */
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'

const apiPage = '/api/docs'

/** Scripts only from here; Swagger UI sets the style of elements itself, which no hash can allow. */
const policy = [
  `default-src 'none'`,
  `script-src 'self'`,
  `style-src 'self' 'unsafe-inline'`,
  `img-src 'self' data:`,
  `font-src 'self'`,
  `connect-src 'self'`,
  `base-uri 'none'`,
  `form-action 'none'`,
  `frame-ancestors 'none'`,
].join('; ')

/** Closed to who has no token or session, as everything that says nothing about roles. */
export async function registerApiPage(server: FastifyInstance): Promise<void> {
  await server.register(swaggerUi, {
    routePrefix: apiPage,
    staticCSP: policy,
    theme: { title: 'Tagship API' },
    uiConfig: {
      url: '/api/openapi.json',
      // Nothing is sent from here by a slip of the hand.
      supportedSubmitMethods: ['get'],
      validatorUrl: null,
      docExpansion: 'list',
      deepLinking: true,
      syntaxHighlight: { activate: false },
    },
  })
}
