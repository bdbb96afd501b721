/** Who may do what: the one place where requests are let in. */
import { type Role, type RouteName, roleAllows, routes } from '@tagship/api'
import { TagshipError } from '@tagship/domain'
import type { Identity } from '@tagship/store'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Auditor } from './audit.ts'
import type { HttpStore } from './store.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Which route of the contract it is. */
    routeName?: RouteName
    /** What a token needs at least; null: open to all, or guarded by the handler itself. */
    role?: Role | null
  }
  interface FastifyRequest {
    identity: Identity | null
  }
}

/**
 * Lets a request in only with a token whose role suffices. An address that says nothing about roles,
 * and one that does not exist, is closed to all who have no token.
 * @throws auth.missing, auth.invalid, auth.forbidden
 */
export function guardAccess(server: FastifyInstance, store: HttpStore, auditor: Auditor): void {
  server.decorateRequest('identity', null)
  server.addHook('onRequest', async (request) => {
    const { role = 'viewer' } = request.routeOptions.config
    if (role === null) return
    try {
      request.identity = await identify(store, request)
      if (!roleAllows(request.identity.role, role)) {
        throw new TagshipError(
          'auth.forbidden',
          `${request.identity.name} is a ${request.identity.role}; this needs the role ${role}`,
        )
      }
    } catch (error) {
      if (error instanceof TagshipError) await auditor.refused(request, error)
      throw error
    }
  })
}

async function identify(store: HttpStore, request: FastifyRequest): Promise<Identity> {
  const header = request.headers.authorization
  if (header === undefined) {
    throw new TagshipError('auth.missing', 'the request has no header "Authorization: Bearer TOKEN"')
  }
  const secret = /^Bearer ([\x21-\x7e]{1,200})$/i.exec(header)?.[1]
  // The store looks the token up by its hash, so that nothing can be learnt from how long that takes.
  const identity = secret === undefined ? null : await store.authenticate(secret)
  if (!identity) throw new TagshipError('auth.invalid', 'the token is unknown, or was revoked')
  return identity
}

/** The identity of a request that was let in. */
export function identityOf(request: FastifyRequest): Identity {
  if (!request.identity) throw new TagshipError('auth.missing', 'the request was not let in')
  return request.identity
}

export function routeOf(request: FastifyRequest) {
  const name = request.routeOptions.config.routeName
  return name === undefined ? null : { name, route: routes[name] }
}
