/**
 * better-auth, set up for one address. It is loaded when somebody signs in for the first time: a controller that
 * only programs speak to never needs it.
 */
import { randomUUID } from 'node:crypto'
import { passkey } from '@better-auth/passkey'
import type { Logger } from '@tagship/kit'
import type { Store } from '@tagship/store'
import { APIError } from 'better-auth/api'
import { betterAuth } from 'better-auth/minimal'
import { genericOAuth } from 'better-auth/plugins/generic-oauth'
import { twoFactor } from 'better-auth/plugins/two-factor'
import { username } from 'better-auth/plugins/username'
import { clientHeader } from './client-header.ts'
import { hashPassword, passwordLengths, verifyPassword } from './password.ts'

export interface OidcProvider {
  readonly id: string
  /** As the sign-in page calls it. */
  readonly name: string
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
}

export interface AuthSettings {
  readonly store: Pick<Store, 'signInTables' | 'identityOfUser'>
  readonly secret: string
  readonly oidc: OidcProvider | null
  readonly log: Logger
}

export type Auth = ReturnType<typeof createAuth>

const day = 86_400

export function createAuth({ store, secret, oidc, log }: AuthSettings, origin: string) {
  const { hostname, protocol } = new URL(origin)
  return betterAuth({
    appName: 'Tagship',
    baseURL: origin,
    basePath: '/api/auth',
    secret,
    trustedOrigins: [origin],
    database: store.signInTables(),
    // Nobody makes an account for themselves: set-up and invitations do.
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      minPasswordLength: passwordLengths.min,
      maxPasswordLength: passwordLengths.max,
      password: { hash: hashPassword, verify: verifyPassword },
    },
    session: {
      expiresIn: 7 * day,
      updateAge: 300,
      freshAge: day,
      additionalFields: { signedInBy: { type: 'string', required: false, input: false } },
    },
    account: { accountLinking: { enabled: true, allowDifferentEmails: false } },
    databaseHooks: {
      session: {
        create: {
          before: async (session, context) => {
            if (!(await store.identityOfUser(session.userId))) {
              throw new APIError('UNAUTHORIZED', { code: 'INVALID_USERNAME_OR_PASSWORD' })
            }
            return { data: { ...session, signedInBy: methodOf(context?.path) ?? session.signedInBy } }
          },
        },
      },
    },
    plugins: [
      username({
        minUsernameLength: 2,
        maxUsernameLength: 40,
        usernameValidator: (name) => /^[a-z0-9][a-z0-9._-]*$/.test(name),
      }),
      twoFactor({ issuer: 'Tagship' }),
      passkey({ rpID: hostname, rpName: 'Tagship', origin }),
      genericOAuth({ config: oidc ? [oidcConfig(oidc)] : [] }),
    ],
    advanced: {
      cookiePrefix: 'tagship',
      useSecureCookies: protocol === 'https:',
      defaultCookieAttributes: { httpOnly: true, sameSite: 'lax', path: '/' },
      // Said outright: better-auth leaves them out where it takes the surroundings for a test.
      disableOriginCheck: false,
      disableCSRFCheck: false,
      database: { generateId: () => randomUUID() },
      ipAddress: { ipAddressHeaders: [clientHeader] },
    },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    // Not to the console.
    onAPIError: {
      onError: (error) => log.debug({ err: error, library: 'better-auth' }, 'better-auth answers no'),
    },
    logger: {
      log: (level, message, ...rest) => log.debug({ library: 'better-auth', level, rest }, message),
    },
  })
}

/** A user is found by the address that the provider vouches for; it makes no users. */
function oidcConfig({ id, name, issuer, clientId, clientSecret }: OidcProvider) {
  return {
    providerId: id,
    name,
    discoveryUrl: `${issuer.replace(/\/+$/, '')}/.well-known/openid-configuration`,
    clientId,
    clientSecret,
    scopes: ['openid', 'email', 'profile'],
    pkce: true,
    requireIdTokenVerification: true,
    disableSignUp: true,
  }
}

function methodOf(path: string | undefined): string | null {
  if (path === undefined) return null
  if (path.startsWith('/sign-in/username') || path.startsWith('/sign-in/email')) return 'password'
  if (path.startsWith('/two-factor/verify')) return 'code'
  if (path.startsWith('/passkey/')) return 'passkey'
  if (path.startsWith('/callback/')) return 'oidc'
  return null
}
