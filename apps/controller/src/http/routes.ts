/** Makes the server's routes from the contract's table. */
import { commonErrors, isWrite, problem, type Route, type RouteName, routes, writeErrors } from '@tagship/api'
import { errorCatalogue } from '@tagship/domain'
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from 'fastify'
import { z } from 'zod'
import { untilRevoked } from './access.ts'
import type { Auditor } from './audit.ts'
import type { Handlers, ServerDeps, StreamOpeners } from './handler.ts'
import { accessHandlers } from './handlers/access.ts'
import { appHandlers, appStreams } from './handlers/apps.ts'
import { auditHandlers } from './handlers/audit.ts'
import { configHandlers } from './handlers/config.ts'
import { deploymentHandlers } from './handlers/deployments.ts'
import { eventHandlers, eventStreams } from './handlers/events.ts'
import { figuresHandlers } from './handlers/figures.ts'
import { instanceHandlers } from './handlers/instances.ts'
import { logHandlers, logStreams } from './handlers/logs.ts'
import { overviewHandlers } from './handlers/overview.ts'
import { releaseHandlers } from './handlers/releases.ts'
import { sourceHandlers } from './handlers/source.ts'
import { systemHandlers, systemStreams } from './handlers/system.ts'
import { trafficHandlers, trafficStreams } from './handlers/traffic.ts'
import { limitAttempts } from './limits.ts'
import { serveStream } from './server-sent-events.ts'
import { seenBy } from './visible-store.ts'
import { performWrite } from './writes.ts'

const handlers: Handlers = {
  ...overviewHandlers,
  ...accessHandlers,
  ...appHandlers,
  ...configHandlers,
  ...deploymentHandlers,
  ...releaseHandlers,
  ...instanceHandlers,
  ...trafficHandlers,
  ...logHandlers,
  ...eventHandlers,
  ...figuresHandlers,
  ...auditHandlers,
  ...sourceHandlers,
  ...systemHandlers,
}
const streamOpeners: StreamOpeners = {
  ...appStreams,
  ...trafficStreams,
  ...logStreams,
  ...eventStreams,
  ...systemStreams,
}

export interface RouteContext {
  readonly deps: ServerDeps
  readonly auditor: Auditor
  /** Aborts when the server closes: streams end then. */
  readonly closing: AbortSignal
}

export function registerRoutes(server: FastifyInstance, context: RouteContext): void {
  for (const [name, route] of entriesOf(routes)) {
    const limits = route.limited ? limitAttempts(server) : { config: {} }
    server.route({
      method: route.method,
      url: route.path,
      schema: schemaOf(name, route),
      ...limits,
      config: { ...limits.config, routeName: name, role: route.role, scope: route.scope },
      preValidation: async (request) => {
        if (route.body) request.body ??= {}
      },
      handler: (request, reply) => handle(name, route, context, request, reply, server),
    })
  }
}

// The table's types say what each handler takes; the schemas registered above have checked exactly that.
type AnyHandler = (deps: ServerDeps, call: unknown) => Promise<unknown>
type AnyOpener = (
  deps: ServerDeps,
  call: unknown,
  signal: AbortSignal,
) => ReturnType<StreamOpeners['readEvents']>

function handle(
  name: RouteName,
  route: Route,
  { deps: all, auditor, closing }: RouteContext,
  request: FastifyRequest,
  reply: FastifyReply,
  server: FastifyInstance,
) {
  const { params, query, body, identity } = request
  const deps = identity ? seenBy(all, identity) : all
  const call = { params, query, body, actor: identity?.name ?? '', identity, request, reply }
  if (name === 'openapi') return server.swagger()
  const open: AnyOpener | undefined = Reflect.get(streamOpeners, name)
  const answer = handlers[name] as AnyHandler
  if (open && acceptsStream(request)) {
    const ended = AbortSignal.any([closing, closeOf(reply)])
    const signal = AbortSignal.any([ended, untilRevoked(all, request, reply, ended)])
    return open(deps, call, signal).then((items) => serveStream(request, reply, items, signal))
  }
  if (!isWrite(route)) return answer(deps, call)
  const act = () => answer(deps, call)
  return performWrite(request, reply, {
    store: deps.store,
    auditor,
    action: name,
    status: route.status,
    once: route.once,
    act,
  })
}

function acceptsStream(request: FastifyRequest): boolean {
  return request.headers.accept?.includes('text/event-stream') ?? false
}

function closeOf(reply: FastifyReply): AbortSignal {
  const closed = new AbortController()
  reply.raw.once('close', () => closed.abort())
  return closed.signal
}

/** For validation, and for the OpenAPI document. */
function schemaOf(name: RouteName, route: Route): FastifySchema {
  return {
    operationId: name,
    summary: route.summary,
    security: route.role === null ? [] : [{ token: [] }, { session: [] }],
    ...(route.role === null ? {} : { description: neededBy(route) }),
    ...(route.params ? { params: route.params } : {}),
    ...(route.query ? { querystring: route.query } : {}),
    ...(route.body ? { body: route.body } : {}),
    ...(isWrite(route) ? { headers: idempotencyHeader } : {}),
    response: {
      [route.status]: successOf(route),
      ...(route.orStatus ? { [route.orStatus]: successOf(route) } : {}),
      ...problemsOf(route),
    },
  }
}

function neededBy({ role, scope, path }: Route): string {
  if (scope === 'own') return 'For everybody; shows of apps what the caller may see.'
  const what = /:app\b|deployments\/:id/.test(path) ? 'for the app' : 'for the whole installation'
  return `Needs the role ${role} ${what}.`
}

const idempotencyHeader = z.looseObject({
  'idempotency-key': z
    .string()
    .optional()
    .describe('A second request with the key gets the first one’s answer.'),
})

function successOf(route: Route) {
  if (route.status === 204) return z.null().describe('Done')
  const content = {
    ...(route.response ? { 'application/json': { schema: route.response } } : {}),
    ...(route.stream ? { 'text/event-stream': { schema: route.stream } } : {}),
    ...(route.response || route.stream ? {} : { 'text/plain': { schema: z.string() } }),
  }
  return { description: route.summary, content }
}

function problemsOf(route: Route) {
  const codes = [
    ...(route.role === null ? [] : commonErrors),
    ...(isWrite(route) ? writeErrors : []),
    ...route.errors,
  ]
  const byStatus = Object.groupBy(new Set(codes), (code) => errorCatalogue[code].httpStatus)
  return Object.fromEntries(
    Object.entries(byStatus).map(([status, list]) => [
      status,
      {
        description: (list ?? []).join(', '),
        content: { 'application/problem+json': { schema: problem } },
      },
    ]),
  )
}

function entriesOf(table: Readonly<Record<RouteName, Route>>): [RouteName, Route][] {
  return Object.entries(table) as [RouteName, Route][]
}
