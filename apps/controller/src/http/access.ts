/** Who may do what: the one place where requests are let in. */
import { isWrite, type Role, type RouteName, roleAllows, routes } from '@tagship/api'
import { quote, roleIn, sameRights, TagshipError } from '@tagship/domain'
import type { Identity } from '@tagship/store'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { SessionFacts, SignIn } from '../sign-in/sign-in.ts'
import type { Auditor } from './audit.ts'
import { refuseCrossSite } from './cross-site.ts'
import type { HttpStore } from './store.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Which route of the contract it is. */
    routeName?: RouteName
    /** What the caller needs at least; null: open to all, or guarded by the handler itself. */
    role?: Role | null
    /** What the role has to be for (see `Route.scope`). */
    scope?: 'own' | undefined
  }
  interface FastifyRequest {
    identity: Identity | null
    session: SessionFacts | null
  }
}

export interface Gate {
  readonly store: HttpStore
  readonly signIn: SignIn
}

/**
 * Lets a request in only where its token or session may do what the route does. An address that says nothing
 * about roles, and one that does not exist, is closed to all who are nobody.
 * @throws auth.missing, auth.invalid, auth.crossSite, auth.forbidden, app.notFound, deployment.notFound
 */
export function guardAccess(server: FastifyInstance, gate: Gate, auditor: Auditor): void {
  server.decorateRequest('identity', null)
  server.decorateRequest('session', null)
  server.addHook('onRequest', async (request, reply) => {
    const { role = 'viewer', scope } = request.routeOptions.config
    if (role === null) return
    try {
      request.identity = await identify(gate, request, reply)
      await allow(gate.store, request.identity, { role, scope, ...targetOf(request) })
    } catch (error) {
      if (error instanceof TagshipError) await auditor.refused(request, error)
      throw error
    }
  })
}

async function identify(gate: Gate, request: FastifyRequest, reply: FastifyReply): Promise<Identity> {
  const header = request.headers.authorization
  if (header === undefined) return identifyBySession(gate, request, reply)
  const secret = /^Bearer ([\x21-\x7e]{1,200})$/i.exec(header)?.[1]
  // The store looks the token up by its hash, so that nothing can be learnt from how long that takes.
  const identity = secret === undefined ? null : await gate.store.authenticate(secret)
  if (!identity) throw new TagshipError('auth.invalid', 'the token is unknown, has expired, or was revoked')
  return identity
}

async function identifyBySession(
  { store, signIn }: Gate,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Identity> {
  const session = await signIn.sessionOf(request, reply)
  if (!session) {
    throw new TagshipError(
      'auth.missing',
      'the request has no header "Authorization: Bearer TOKEN", and no session',
    )
  }
  if (isWrite(request)) refuseCrossSite(request, signIn.originOf(request), false)
  const identity = await store.identityOfUser(session.userId)
  if (!identity) throw new TagshipError('auth.invalid', 'the user may not sign in any more')
  request.session = session
  return identity
}

interface Wish {
  readonly role: Role
  readonly scope?: 'own' | undefined
  readonly app?: string | null
  readonly deployment?: string | null
}

/** What the path names. */
function targetOf({ params, routeOptions }: FastifyRequest): Pick<Wish, 'app' | 'deployment'> {
  const ofDeployment = routeOptions.url?.startsWith('/api/v1/deployments/:id') ?? false
  return { app: textIn(params, 'app'), deployment: ofDeployment ? textIn(params, 'id') : null }
}

/**
 * What the caller may not see is answered exactly as what is not there.
 * @throws auth.forbidden, app.notFound, deployment.notFound
 */
async function allow(store: HttpStore, identity: Identity, wish: Wish): Promise<void> {
  const { role, scope, app = null, deployment = null } = wish
  if (scope === 'own' || (identity.role && roleAllows(identity.role, role))) return
  if (app === null && deployment === null) throw forbidden(identity, identity.role, role)
  const appId = app !== null ? (await store.appByName(app))?.id : await appOf(store, deployment)
  const has = appId === undefined ? identity.role : roleIn(identity, appId)
  if (has === null) throw app !== null ? noApp(app) : noDeployment(deployment)
  if (!roleAllows(has, role)) throw forbidden(identity, has, role)
}

async function appOf(store: HttpStore, id: string | null): Promise<string | undefined> {
  return id !== null && isUuid(id) ? (await store.deploymentById(id))?.appId : undefined
}

function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text)
}

/** May the caller do this to the app? What they may not see is `unknown`: pushes ask as well. */
export function mayReach(identity: Identity, appId: string, role: Role): 'yes' | 'forbidden' | 'unknown' {
  const has = roleIn(identity, appId)
  if (has === null) return 'unknown'
  return roleAllows(has, role) ? 'yes' : 'forbidden'
}

export function noApp(name: string): TagshipError {
  return new TagshipError('app.notFound', `there is no app ${quote(name)}`)
}

export function noDeployment(id: string | null): TagshipError {
  return new TagshipError('deployment.notFound', `there is no deployment ${id}`)
}

function forbidden({ name }: Identity, has: Role | null, needs: Role): TagshipError {
  const what = has ? `is a ${has}` : 'has a role for single apps only'
  return new TagshipError('auth.forbidden', `${name} ${what}; this needs the role ${needs}`)
}

/** The identity of a request that was let in. */
export function identityOf(request: FastifyRequest): Identity {
  if (!request.identity) throw new TagshipError('auth.missing', 'the request was not let in')
  return request.identity
}

const lookAgainMs = 5_000

/** Aborts once the caller is not who they were, or may do something else by now: their streams end then. */
export function untilRevoked(
  gate: Gate,
  request: FastifyRequest,
  reply: FastifyReply,
  end: AbortSignal,
): AbortSignal {
  const revoked = new AbortController()
  const before = identityOf(request)
  const timer = setInterval(async () => {
    try {
      const now = await identify(gate, request, reply)
      if (now.name !== before.name || !sameRights(now, before)) revoked.abort()
    } catch (error) {
      // A database that is away says nothing about the caller.
      if (error instanceof TagshipError && error.entry.httpStatus < 500) revoked.abort()
    }
  }, lookAgainMs)
  const stop = () => clearInterval(timer)
  for (const signal of [end, revoked.signal]) signal.addEventListener('abort', stop, { once: true })
  return revoked.signal
}

export function routeOf(request: FastifyRequest) {
  const name = request.routeOptions.config.routeName
  return name === undefined ? null : { name, route: routes[name] }
}

function textIn(value: unknown, key: string): string | null {
  if (typeof value !== 'object' || value === null) return null
  const found: unknown = Reflect.get(value, key)
  return typeof found === 'string' ? found : null
}
