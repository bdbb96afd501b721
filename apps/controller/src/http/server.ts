/** The HTTP server of the controller: the API, the health endpoints, the push endpoint and the dashboard. */
import swagger from '@fastify/swagger'
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import {
  jsonSchemaTransform,
  jsonSchemaTransformObject,
  serializerCompiler,
  validatorCompiler,
} from 'fastify-type-provider-zod'
import { createSignIn, type SignInSettings } from '../sign-in/sign-in.ts'
import { guardAccess } from './access.ts'
import { registerApiPage } from './api-page.ts'
import { createAuditor } from './audit.ts'
import { registerDashboard } from './dashboard.ts'
import { registerGit } from './git.ts'
import type { ServerDeps } from './handler.ts'
import { protectBrowsers } from './headers.ts'
import { registerLimits } from './limits.ts'
import { measureRequests, processMetrics } from './metrics.ts'
import { answerWithProblems, sendProblem } from './problems.ts'
import { registerRoutes } from './routes.ts'
import { registerSignIn } from './sign-in.ts'
import { registerWebhooks } from './webhooks.ts'

const bodyLimit = 256 * 1024
export const headerLimit = 16 * 1024
/** What is longer names nothing. */
const maxParamLength = 200
/** For a request to arrive in full: a large push over a slow line takes long. */
const requestTimeoutMs = 30 * 60_000

/** Without `metrics`, a registry with the figures of this process is made. */
export type ServerOptions = Omit<ServerDeps, 'metrics' | 'signIn' | 'visible'> &
  Partial<Pick<ServerDeps, 'metrics'>> & {
    readonly signIn: Pick<SignInSettings, 'origins' | 'secret' | 'oidc'>
  }

/** Ready to listen, or to be asked with `inject`. Closing it ends every stream. */
export async function buildServer(options: ServerOptions): Promise<FastifyInstance> {
  const signIn = createSignIn({ ...options.signIn, store: options.store, log: options.log })
  const deps: ServerDeps = { ...options, visible: null, signIn, metrics: options.metrics ?? processMetrics() }
  const loggerInstance: FastifyBaseLogger = deps.log
  const server = fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit,
    http: { maxHeaderSize: headerLimit },
    routerOptions: { maxParamLength },
    requestTimeout: requestTimeoutMs,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    frameworkErrors: (error, request, reply) => sendProblem(request, reply, error),
  })
  server.setValidatorCompiler(validatorCompiler)
  server.setSerializerCompiler(serializerCompiler)
  readJsonOnly(server)
  answerWithProblems(server)

  const auditor = createAuditor(deps.store, deps.log)
  guardAccess(server, deps, auditor)
  await registerLimits(server)
  await protectBrowsers(server, deps.signIn)
  logRequests(server)
  measureRequests(server, deps.metrics)

  const closing = new AbortController()
  server.addHook('preClose', async () => closing.abort())

  await describe(server, deps)
  await registerApiPage(server)
  registerSignIn(server, { ...deps, auditor })
  registerRoutes(server, { deps, auditor, closing: closing.signal })
  await registerWebhooks(server, deps)
  await registerGit(server, deps)
  await registerDashboard(server)
  return server
}

/** Only JSON has a parser; an empty body is no body, whatever its type says. */
function readJsonOnly(server: FastifyInstance): void {
  server.removeAllContentTypeParsers()
  const parse = server.getDefaultJsonParser('error', 'error')
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined)
    else parse(request, String(body), done)
  })
}

function logRequests(server: FastifyInstance): void {
  server.addHook('onResponse', async (request, reply) => {
    const { method, routeOptions, identity } = request
    request.log.info(
      {
        method,
        route: routeOptions.url ?? null,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
        actor: identity?.name ?? null,
      },
      'request',
    )
  })
}

async function describe(server: FastifyInstance, { version, publicUrl }: ServerDeps): Promise<void> {
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Tagship', version, description: 'Push a tag; a fresh image takes over.' },
      servers: [{ url: publicUrl }],
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer' },
          session: { type: 'apiKey', in: 'cookie', name: 'tagship.session_token' },
        },
      },
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  })
}
