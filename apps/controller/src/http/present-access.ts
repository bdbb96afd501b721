/** Users, tokens and sessions as the JSON of the API. */
import type { MeJson, SessionJson, TokenJson, UserJson } from '@tagship/api'
import type { AppRecord } from '@tagship/engine'
import type { Identity, LinkRecord, SessionRecord, TokenRecord, UserRecord } from '@tagship/store'
import type { SessionFacts } from '../sign-in/sign-in.ts'

export function presentMe(
  identity: Identity,
  apps: readonly AppRecord[],
  session: SessionFacts | null,
): MeJson {
  const { name, kind, role } = identity
  return {
    name,
    kind,
    role,
    apps: apps.flatMap(({ id, name: app }) => {
      const own = identity.apps.get(id)
      return own ? [{ app, role: own }] : []
    }),
    signedInBy: session?.signedInBy ?? 'token',
    email: session && !session.email.endsWith('@tagship.invalid') ? session.email : null,
    twoFactor: session?.twoFactor ?? false,
    expiresAt: session?.expiresAt.toISOString() ?? null,
    session: session?.id ?? null,
  }
}

export function presentSession(record: SessionRecord, own: SessionFacts | null): SessionJson {
  const { id, address, agent } = record
  return {
    id,
    current: id === own?.id,
    signedInBy: methods.find((method) => method === record.signedInBy) ?? 'password',
    address,
    agent: agent?.slice(0, 300) ?? null,
    createdAt: record.createdAt.toISOString(),
    lastSeenAt: record.lastSeenAt.toISOString(),
    expiresAt: record.expiresAt.toISOString(),
  }
}

const methods = ['password', 'code', 'passkey', 'oidc'] as const

export function presentLink({ purpose, user, expiresAt }: LinkRecord) {
  return { purpose, name: user, expiresAt: expiresAt.toISOString() }
}

export function presentUser(user: UserRecord): UserJson {
  const { name, email, role, apps, state, twoFactor, passkeys } = user
  return {
    ...{ name, email, role, state, twoFactor, passkeys },
    apps: apps.map(({ app, role }) => ({ app, role })),
    createdAt: user.createdAt.toISOString(),
    lastSeenAt: user.lastSeenAt?.toISOString() ?? null,
  }
}

export function presentToken(token: TokenRecord): TokenJson {
  const { name, role, apps, owner } = token
  return {
    ...{ name, role, owner },
    apps: apps && [...apps],
    createdAt: token.createdAt.toISOString(),
    expiresAt: token.expiresAt?.toISOString() ?? null,
    lastUsedAt: token.lastUsedAt?.toISOString() ?? null,
  }
}
