/** Users: who they are and what they may do. How they sign in is better-auth's (sign-in-tables.ts). */
import { randomUUID } from 'node:crypto'
import { type Role, TagshipError } from '@tagship/domain'
import type { Database, Session } from '../database.ts'
import { violates } from '../failures.ts'
import { type IssuedLink, putLink, takeLink } from './links.ts'
import { isNameOfToken, isNameOfUser, lockNames } from './names.ts'
import { remembering } from './remember.ts'
import { type AppRole, type Identity, rightsOf } from './rights.ts'

export interface UserRecord {
  readonly id: string
  readonly name: string
  readonly email: string | null
  readonly role: Role | null
  /** Of apps that are there. */
  readonly apps: readonly { readonly app: string; readonly role: Role }[]
  readonly state: 'invited' | 'active' | 'disabled'
  readonly twoFactor: boolean
  readonly passkeys: number
  readonly createdAt: Date
  readonly lastSeenAt: Date | null
}

export interface NewUser {
  readonly name: string
  readonly email: string | null
  readonly role: Role | null
  readonly apps: readonly AppRole[]
}

export interface UserPatch {
  readonly email?: string | null | undefined
  readonly role?: Role | null | undefined
  readonly disabled?: boolean | undefined
  /** By the id of the app; null: none any more. */
  readonly apps?: ReadonlyMap<string, Role | null> | undefined
}

/** Where a user has no address: better-auth wants one that nobody else has. `.invalid` leads nowhere (RFC 2606). */
const noEmail = '@tagship.invalid'
const emailOf = (name: string, email: string | null) => email ?? `${name}${noEmail}`

const select = `
  SELECT u.id, u.username AS name, u.role, u.created_at AS "createdAt",
    CASE WHEN u.email LIKE '%${noEmail}' THEN NULL ELSE u.email END AS email,
    CASE WHEN u.disabled_at IS NOT NULL THEN 'disabled'
      WHEN EXISTS (SELECT FROM accounts a WHERE a.user_id = u.id) THEN 'active' ELSE 'invited' END AS state,
    coalesce(u.two_factor_enabled, false) AS "twoFactor",
    (SELECT count(*)::int FROM passkeys p WHERE p.user_id = u.id) AS passkeys,
    (SELECT max(s.updated_at) FROM sessions s WHERE s.user_id = u.id) AS "lastSeenAt",
    coalesce((SELECT json_agg(json_build_object('app', a.name, 'role', m.role) ORDER BY a.name)
      FROM memberships m JOIN apps a ON a.id = m.app_id
      WHERE m.user_id = u.id AND a.removed_at IS NULL), '[]') AS apps
  FROM users u`
const list = { name: 'list-users', text: `${select} ORDER BY u.username` }
const byName = { name: 'user-by-name', text: `${select} WHERE u.username = $1` }

const identity = {
  name: 'user-identity',
  text: `
    SELECT u.username AS name, u.role,
      coalesce((SELECT json_agg(json_build_object('id', m.app_id, 'role', m.role))
        FROM memberships m WHERE m.user_id = u.id), '[]') AS apps
    FROM users u WHERE u.id = $1 AND u.disabled_at IS NULL`,
}

const insert = {
  name: 'insert-user',
  text: `
    INSERT INTO users (id, username, display_username, name, email, email_verified, role)
    VALUES ($1, $2, $2, $2, $3, $4, $5)`,
}
const insertPassword = {
  name: 'insert-password',
  text: `
    INSERT INTO accounts (id, account_id, provider_id, user_id, password) VALUES ($2, $1, 'credential', $1, $3)
    ON CONFLICT (provider_id, account_id) DO UPDATE SET password = $3, updated_at = now()`,
}
const update = {
  name: 'update-user',
  text: `
    UPDATE users SET updated_at = now(), email = coalesce($2, email),
      email_verified = CASE WHEN $2 IS NULL THEN email_verified ELSE true END,
      role = CASE WHEN $3 THEN $4 ELSE role END,
      disabled_at = CASE WHEN $5::boolean IS NULL THEN disabled_at WHEN $5 THEN coalesce(disabled_at, now()) END
    WHERE id = $1`,
}
const endSessions = { name: 'end-sessions-of-user', text: 'DELETE FROM sessions WHERE user_id = $1' }
const endFactors = {
  name: 'end-factors',
  text: `
    WITH a AS (DELETE FROM two_factors WHERE user_id = $1), b AS (DELETE FROM passkeys WHERE user_id = $1)
    UPDATE users SET two_factor_enabled = false, updated_at = now() WHERE id = $1`,
}
const setRole = {
  name: 'set-membership',
  text: `
    INSERT INTO memberships (user_id, app_id, role) VALUES ($1, $2, $3)
    ON CONFLICT (user_id, app_id) DO UPDATE SET role = $3`,
}
const unsetRole = {
  name: 'unset-membership',
  text: 'DELETE FROM memberships WHERE user_id = $1 AND app_id = $2',
}
const revokeTokens = {
  name: 'revoke-tokens-of-user',
  text: 'UPDATE api_tokens SET revoked_at = coalesce(revoked_at, now()), owner_id = NULL WHERE owner_id = $1',
}
const remove = { name: 'remove-user', text: 'DELETE FROM users WHERE id = $1' }
const countAdmins = {
  name: 'count-admins',
  text: `SELECT count(*)::int AS count FROM users WHERE role = 'admin' AND disabled_at IS NULL`,
}

type Row = UserRecord & Record<string, unknown>

export const users = (database: Database) => {
  const remembered = remembering<Identity | null>()

  /** Everything that changes who may do what is done one at a time, so that an admin stays. */
  const changing = async <T>(work: (session: Session) => Promise<T>): Promise<T> => {
    const result = await database.transaction(async (session) => {
      await session.query(lockNames)
      return work(session)
    })
    remembered.forgetAll()
    return result
  }

  /** @throws user.lastAdmin where there was an admin before, and there would be none afterwards */
  const keepingAnAdmin = (work: (session: Session) => Promise<void>): Promise<void> =>
    changing(async (session) => {
      const before = await adminsIn(session)
      await work(session)
      if (before > 0 && (await adminsIn(session)) === 0) {
        throw new TagshipError('user.lastAdmin', 'no user would be left who may manage the others')
      }
    })

  return {
    countUsers: (): Promise<number> => database.prisma.user.count(),
    listUsers: (): Promise<UserRecord[]> => database.query<Row>(list),
    userByName: (name: string): Promise<UserRecord> => read(database, name),

    /** What the user may do by now; null where they may not sign in any more. */
    identityOfUser: (userId: string): Promise<Identity | null> =>
      remembered.get(userId, async () => {
        const [row] = await database.query<{ name: string; role: Role | null; apps: AppRole[] }>(identity, [
          userId,
        ])
        return row ? { kind: 'user', name: row.name, userId, ...rightsOf(row.role, row.apps) } : null
      }),

    /** For the first admin. @throws auth.setUpDone */
    issueSetUpLink: (createdBy: string): Promise<IssuedLink> =>
      changing(async (session) => {
        const [first] = await session.query<Row>(list)
        if (first) throw new TagshipError('auth.setUpDone', `there are users, such as ${first.name}`)
        return putLink(session, 'setUp', null, createdBy)
      }),

    /** Makes the first admin. @throws auth.linkInvalid, actor.nameTaken */
    setUp: (secret: string, { name, email }: Pick<NewUser, 'name' | 'email'>, password: string) =>
      changing(async (session) => {
        await takeLink(session, secret, ['setUp'])
        const id = await write(session, { name, email, role: 'admin', apps: [] })
        await session.query(insertPassword, [id, randomUUID(), password])
        return { id, name }
      }),

    /** @throws actor.nameTaken, user.emailTaken */
    inviteUser: (user: NewUser, createdBy: string): Promise<IssuedLink> =>
      changing(async (session) => {
        const id = await write(session, user)
        return putLink(session, 'invitation', id, createdBy)
      }),

    /** A new link; what the user has signed in with so far goes when it is used. @throws user.notFound */
    issueUserLink: (name: string, createdBy: string): Promise<IssuedLink> =>
      changing(async (session) => {
        const user = await read(session, name)
        return putLink(session, user.state === 'invited' ? 'invitation' : 'reset', user.id, createdBy)
      }),

    /** @param password its hash @throws auth.linkInvalid */
    acceptLink: (secret: string, password: string) =>
      changing(async (session) => {
        const { userId, user } = await takeLink(session, secret, ['invitation', 'reset'])
        if (userId === null || user === null) throw new Error('the link is nobody’s')
        await session.query(endSessions, [userId])
        await session.query(endFactors, [userId])
        await session.query(insertPassword, [userId, randomUUID(), password])
        return { id: userId, name: user }
      }),

    /** @throws user.notFound, user.emailTaken, user.lastAdmin */
    async changeUser(name: string, patch: UserPatch): Promise<UserRecord> {
      await keepingAnAdmin(async (session) => {
        const { id } = await read(session, name)
        const email = patch.email === undefined ? null : emailOf(name, patch.email)
        const values = [id, email, patch.role !== undefined, patch.role ?? null, patch.disabled ?? null]
        await session.query(update, values).catch(explainEmail)
        for (const [app, role] of patch.apps ?? []) {
          if (role) await session.query(setRole, [id, app, role])
          else await session.query(unsetRole, [id, app])
        }
        if (patch.disabled) await session.query(endSessions, [id])
      })
      return read(database, name)
    },

    /** @throws user.notFound, user.lastAdmin */
    removeUser: (name: string): Promise<void> =>
      keepingAnAdmin(async (session) => {
        const { id } = await read(session, name)
        await session.query(revokeTokens, [id])
        await session.query(remove, [id])
      }),
  }
}

async function read(session: Session, name: string): Promise<UserRecord> {
  const [user] = await session.query<Row>(byName, [name])
  if (!user) throw new TagshipError('user.notFound', `there is no user ${name}`)
  return user
}

async function write(session: Session, { name, email, role, apps }: NewUser): Promise<string> {
  const of = (await isNameOfUser(session, name))
    ? 'user'
    : (await isNameOfToken(session, name))
      ? 'token'
      : null
  if (of) throw new TagshipError('actor.nameTaken', `there is a ${of} ${name}`)
  const id = randomUUID()
  // An admin vouches for the address; an OIDC provider has to vouch for it as well before it counts.
  await session.query(insert, [id, name, emailOf(name, email), email !== null, role]).catch(explainEmail)
  for (const app of apps) await session.query(setRole, [id, app.id, app.role])
  return id
}

function explainEmail(error: unknown): never {
  if (violates(error, 'users_email_key')) {
    throw new TagshipError('user.emailTaken', 'another user has this address', { cause: error })
  }
  throw error
}

async function adminsIn(session: Session): Promise<number> {
  const [admins] = await session.query<{ count: number }>(countAdmins)
  return admins?.count ?? 0
}
