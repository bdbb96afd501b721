/** Sessions of people: what a request's cookie says, and better-auth's answers to what signs in and out. */
import { createHash } from 'node:crypto'
import type { MeJson } from '@tagship/api'
import { TagshipError } from '@tagship/domain'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Auth, AuthSettings } from './better-auth.ts'
import { clientHeader } from './client-header.ts'
import type { Origins } from './origins.ts'

export interface SessionFacts {
  readonly id: string
  readonly userId: string
  readonly signedInBy: MeJson['signedInBy']
  readonly email: string
  readonly twoFactor: boolean
  readonly expiresAt: Date
}

export interface SignIn {
  /** Null where the controller does not know the host. */
  knownOrigin(request: FastifyRequest): string | null
  /** @throws auth.unknownAddress */
  originOf(request: FastifyRequest): string
  /** Whose session the cookie is; null where it is nobody’s. A cookie that is renewed goes with the reply. */
  sessionOf(request: FastifyRequest, reply: FastifyReply): Promise<SessionFacts | null>
  /** Asks better-auth, as the request’s own browser would. */
  ask(request: FastifyRequest, question: Question): Promise<Response>
  /** Whose session the answer begins. */
  begunBy(request: FastifyRequest, answer: Response): Promise<SessionFacts | null>
  /** Nothing is remembered of sessions any more. */
  forget(): void
  readonly oidc: { readonly id: string; readonly name: string } | null
}

interface Question {
  readonly method: 'GET' | 'POST'
  /** Under `/api/auth`, with its query. */
  readonly path: string
  readonly body?: unknown
}

export type SignInSettings = AuthSettings & { readonly origins: Origins }

const cookieName = /(?:^|;\s*)(?:__Secure-)?tagship\.session_token=/
/** A session that is revoked works for at most this long. */
const rememberedMs = 5_000
const rememberedAtMost = 1_000

export function createSignIn({ origins, ...settings }: SignInSettings): SignIn {
  const auths = new Map<string, Promise<Auth>>()
  const known = new Map<string, { readonly facts: SessionFacts | null; readonly until: number }>()

  const authAt = (origin: string): Promise<Auth> => {
    const made =
      auths.get(origin) ?? import('./better-auth.ts').then(({ createAuth }) => createAuth(settings, origin))
    auths.set(origin, made)
    made.catch(() => auths.delete(origin))
    return made
  }
  const originOf = (request: FastifyRequest): string => {
    const origin = origins.of(request)
    if (origin !== null) return origin
    const host = JSON.stringify((request.headers.host ?? '').slice(0, 100))
    throw new TagshipError('auth.unknownAddress', `${host} is not the address of this controller`)
  }

  const look = async (origin: string, cookie: string) => {
    const auth = await authAt(origin)
    const { response, headers } = await auth.api.getSession({
      headers: new Headers({ cookie }),
      returnHeaders: true,
    })
    return { facts: response ? factsOf(response) : null, cookies: headers.getSetCookie() }
  }

  return {
    knownOrigin: (request) => origins.of(request),
    originOf,
    oidc: settings.oidc && { id: settings.oidc.id, name: settings.oidc.name },
    async sessionOf(request, reply) {
      const { cookie } = request.headers
      if (cookie === undefined || !cookieName.test(cookie)) return null
      const origin = originOf(request)
      const key = createHash('sha256').update(`${origin}\n${cookie}`).digest('hex')
      const found = known.get(key)
      if (found && found.until > Date.now()) return found.facts
      const { facts, cookies } = await look(origin, cookie)
      if (cookies.length > 0) reply.header('set-cookie', cookies)
      if (known.size >= rememberedAtMost) known.clear()
      known.set(key, { facts, until: Date.now() + rememberedMs })
      return facts
    },
    async ask(request, { method, path, body }) {
      const origin = originOf(request)
      const auth = await authAt(origin)
      const headers = forwarded(request)
      if (method === 'POST') headers.set('content-type', 'application/json')
      const answer = await auth.handler(
        new Request(`${origin}/api/auth${path}`, {
          method,
          headers,
          ...(method === 'POST' ? { body: JSON.stringify(body ?? {}) } : {}),
        }),
      )
      known.clear()
      return answer
    },
    async begunBy(request, answer) {
      const cookie = answer.headers
        .getSetCookie()
        .map((line) => line.split(';', 1)[0] ?? '')
        .find((pair) => cookieName.test(pair) && !pair.endsWith('='))
      return cookie === undefined ? null : (await look(originOf(request), cookie)).facts
    },
    forget: () => known.clear(),
  }
}

type Found = NonNullable<Awaited<ReturnType<Auth['api']['getSession']>>>

const methods: readonly MeJson['signedInBy'][] = ['password', 'code', 'passkey', 'oidc']

function factsOf({ session, user }: Found): SessionFacts {
  const { signedInBy } = session
  return {
    id: session.id,
    userId: user.id,
    signedInBy: methods.find((method) => method === signedInBy) ?? 'password',
    email: user.email,
    twoFactor: user.twoFactorEnabled === true,
    expiresAt: new Date(session.expiresAt),
  }
}

const forwardedHeaders = [
  ...['cookie', 'origin', 'referer', 'user-agent'],
  ...['sec-fetch-site', 'sec-fetch-mode', 'sec-fetch-dest'],
]

/** Only what better-auth has a use for; whose address it is, we say. */
function forwarded(request: FastifyRequest): Headers {
  const headers = new Headers()
  for (const name of forwardedHeaders) {
    const value = request.headers[name]
    if (typeof value === 'string') headers.set(name, value)
  }
  headers.set(clientHeader, request.ip)
  return headers
}
