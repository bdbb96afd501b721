import { covers, parseTokenName, parseUserName, type Role, TagshipError } from '@tagship/domain'
import type { AppRole, IssuedLink } from '@tagship/store'
import { checkPassword, hashPassword } from '../../sign-in/password.ts'
import { refuseCrossSite } from '../cross-site.ts'
import type { Handlers, ServerDeps } from '../handler.ts'
import { findApp } from '../look-up.ts'
import { presentLink, presentMe, presentSession, presentToken, presentUser } from '../present-access.ts'
import { signInWith } from '../sign-in-with.ts'

export const accessHandlers = {
  async signInOptions({ store, signIn }, { request }) {
    const users = await store.countUsers()
    return {
      setUp: users === 0,
      password: true,
      passkey: !isAddress(signIn.originOf(request)),
      oidc: signIn.oidc ? [signIn.oidc] : [],
    }
  },

  async showLink({ store }, { body }) {
    return presentLink(await store.showLink(body.link))
  },

  async setUp(deps, { body, request, reply }) {
    refuseCrossSite(request, deps.signIn.originOf(request), true)
    const name = parseUserName(body.name)
    checkPassword(body.password)
    // Asked before the password is hashed, which is dear; and again, for good, when it is used.
    await deps.store.showLink(body.link)
    const hash = await hashPassword(body.password)
    await deps.store.setUp(body.link, { name, email: emailOf(body.email) }, hash)
    return signInWith(deps, request, reply, { username: name, password: body.password })
  },

  async acceptInvitation(deps, { body, request, reply }) {
    refuseCrossSite(request, deps.signIn.originOf(request), true)
    checkPassword(body.password)
    await deps.store.showLink(body.link)
    const { name } = await deps.store.acceptLink(body.link, await hashPassword(body.password))
    return signInWith(deps, request, reply, { username: name, password: body.password })
  },

  async createSetUpLink({ store, publicUrl }, { actor }) {
    const { secret, expiresAt } = await store.issueSetUpLink(actor)
    return { link: `${publicUrl}/set-up#${secret}`, expiresAt: expiresAt.toISOString() }
  },

  async me({ store }, { identity, request }) {
    const apps = await store.listApps({ limit: 10_000, only: [...identity.apps.keys()] })
    return presentMe(identity, apps, request.session)
  },

  async listSessions({ store }, { identity, request }) {
    const sessions = identity.userId === null ? [] : await store.listSessions(identity.userId)
    return { items: sessions.map((one) => presentSession(one, request.session)), next: null }
  },

  async endSession({ store, signIn }, { identity, params }) {
    await store.endSession(identity.userId ?? '', params.session)
    signIn.forget()
    return null
  },

  async endOtherSessions({ store, signIn }, { identity, request }) {
    if (identity.userId !== null) await store.endOtherSessions(identity.userId, request.session?.id ?? null)
    signIn.forget()
    return null
  },

  async listUsers({ store }) {
    return { items: (await store.listUsers()).map(presentUser), next: null }
  },

  async inviteUser(deps, { body, actor }) {
    const name = parseUserName(body.name)
    const apps = [...(await rolesByApp(deps, body.apps))].flatMap(([id, role]): AppRole[] =>
      role ? [{ id, role }] : [],
    )
    const email = emailOf(body.email)
    return withUser(deps, name, await deps.store.inviteUser({ name, email, role: body.role, apps }, actor))
  },

  async changeUser(deps, { params, body }) {
    const { email, role, disabled } = body
    const apps = body.apps && (await rolesByApp(deps, body.apps))
    const changed = await deps.store.changeUser(params.user, {
      ...(email === undefined ? {} : { email: email === null ? null : emailOf(email) }),
      ...(role === undefined ? {} : { role }),
      ...(disabled === undefined ? {} : { disabled }),
      ...(apps ? { apps } : {}),
    })
    deps.signIn.forget()
    return presentUser(changed)
  },

  async removeUser({ store, signIn }, { params }) {
    await store.removeUser(params.user)
    signIn.forget()
    return null
  },

  async createUserLink(deps, { params, actor }) {
    return withUser(deps, params.user, await deps.store.issueUserLink(params.user, actor))
  },

  async listTokens({ store }, { identity }) {
    const owner = await ownerFilter(identity)
    return { items: (await store.listTokens(owner)).map(presentToken), next: null }
  },

  async createToken(deps, { body, identity }) {
    const { role, expiresAt } = body
    if (identity.kind === 'token' && identity.userId === null && identity.role !== 'admin') {
      throw new TagshipError('auth.forbidden', `${identity.name} is a token of nobody: an admin makes others`)
    }
    const name = parseTokenName(body.name)
    const apps = body.apps && (await Promise.all(body.apps.map((app) => findApp(deps.store, app))))
    const ids = apps && [...new Set(apps.map(({ id }) => id))]
    const rights = { role: ids ? null : role, apps: new Map((ids ?? []).map((id) => [id, role] as const)) }
    if (!covers(identity, rights)) {
      throw new TagshipError(
        'auth.forbidden',
        `a token of ${identity.name} may do no more than ${identity.name}`,
      )
    }
    const secret = await deps.store.issueToken({
      name,
      role,
      apps: ids,
      owner: identity.userId,
      expiresAt: expiresAt === null ? null : inFuture(expiresAt),
    })
    const made = (await deps.store.listTokens(null)).find((token) => token.name === name)
    if (!made) throw new TagshipError('token.notFound', `the token ${name} was revoked at once`)
    return { token: presentToken(made), secret }
  },

  async revokeToken({ store }, { params, identity }) {
    await store.revokeToken(params.token, await ownerFilter(identity))
    return null
  },
} satisfies Partial<Handlers>

/** Whose tokens one sees: an admin all, a user their own; a token of nobody sees none. */
async function ownerFilter({ role, userId, name, kind }: OwnerOf): Promise<string | null> {
  if (role === 'admin') return null
  return kind === 'user' && userId !== null ? name : ''
}
type OwnerOf = Parameters<Handlers['listTokens']>[1]['identity']

async function withUser(deps: ServerDeps, name: string, { secret, expiresAt }: IssuedLink) {
  const user = presentUser(await deps.store.userByName(name))
  return { user, link: `${deps.publicUrl}/invite#${secret}`, expiresAt: expiresAt.toISOString() }
}

/** @throws app.notFound */
async function rolesByApp(
  { store }: ServerDeps,
  byName: Readonly<Record<string, Role | null>>,
): Promise<Map<string, Role | null>> {
  const found = Object.entries(byName).map(
    async ([name, role]) => [(await findApp(store, name)).id, role] as const,
  )
  return new Map(await Promise.all(found))
}

/** Addresses are compared in small letters. @throws input.invalid */
function emailOf(text: string | undefined): string | null {
  if (text === undefined) return null
  const email = text.toLowerCase()
  if (email.endsWith('@tagship.invalid')) {
    throw new TagshipError('input.invalid', 'email: leave it out where there is none')
  }
  return email
}

/** @throws input.invalid */
function inFuture(text: string): Date {
  const time = new Date(text)
  if (time.getTime() <= Date.now()) throw new TagshipError('input.invalid', 'expiresAt: is in the past')
  return time
}

/** Passkeys belong to a name; browsers refuse them at bare addresses. */
function isAddress(origin: string): boolean {
  return /^https?:\/\/(\d+\.\d+\.\d+\.\d+|\[)/.test(origin)
}
