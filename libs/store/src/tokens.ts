/** Access tokens. Only their hashes are stored. */
import { createHash, randomBytes } from 'node:crypto'
import { narrow, type Rights, type Role, TagshipError } from '@tagship/domain'
import { isNameOfUser, lockNames } from './access/names.ts'
import { remembering } from './access/remember.ts'
import { type AppRole, type Identity, rightsOf } from './access/rights.ts'
import type { Database } from './database.ts'

const lastUseMs = 60_000

export interface NewToken {
  readonly name: string
  readonly role: Role
  /** Ids; null: all there are and will be. */
  readonly apps: readonly string[] | null
  /** Id of the user. */
  readonly owner: string | null
  readonly expiresAt: Date | null
}

export interface TokenRecord {
  readonly name: string
  readonly role: Role
  /** Names of those that are still there. */
  readonly apps: readonly string[] | null
  /** Name of the user. */
  readonly owner: string | null
  readonly createdAt: Date
  readonly expiresAt: Date | null
  readonly lastUsedAt: Date | null
}

interface TokenRow {
  readonly name: string
  readonly role: Role
  readonly allApps: boolean
  readonly apps: readonly string[]
  readonly stale: boolean
  readonly ownerId: string | null
  readonly ownerRole: Role | null
  readonly ownerApps: readonly AppRole[]
}

const find = {
  name: 'find-token',
  text: `
    SELECT t.name, t.role, t.all_apps AS "allApps", t.owner_id AS "ownerId", u.role AS "ownerRole",
      coalesce(t.last_used_at < now() - $2 * interval '1 millisecond', true) AS stale,
      coalesce((SELECT json_agg(a.app_id) FROM token_apps a WHERE a.token_id = t.id), '[]') AS apps,
      coalesce((SELECT json_agg(json_build_object('id', m.app_id, 'role', m.role))
        FROM memberships m WHERE m.user_id = u.id), '[]') AS "ownerApps"
    FROM api_tokens t LEFT JOIN users u ON u.id = t.owner_id
    WHERE t.hash = $1 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())
      AND (t.owner_id IS NULL OR u.disabled_at IS NULL)`,
}

const put = {
  name: 'put-token',
  text: `
    INSERT INTO api_tokens (id, name, hash, role, all_apps, owner_id, expires_at)
    VALUES (gen_random_uuid(), $1, $2, $3, $4, $5, $6)
    ON CONFLICT (name) DO UPDATE SET hash = $2, role = $3, all_apps = $4, owner_id = $5, expires_at = $6,
      created_at = now(), last_used_at = NULL, revoked_at = NULL
    RETURNING id`,
}

const isInUse = {
  name: 'token-name-in-use',
  text: `
    SELECT FROM api_tokens
    WHERE name = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())`,
}

const clearApps = { name: 'clear-token-apps', text: 'DELETE FROM token_apps WHERE token_id = $1' }
const putApps = {
  name: 'put-token-apps',
  text: 'INSERT INTO token_apps (token_id, app_id) SELECT $1, unnest($2::uuid[])',
}

const list = {
  name: 'list-tokens',
  text: `
    SELECT t.name, t.role, u.username AS owner, t.created_at AS "createdAt", t.expires_at AS "expiresAt",
      t.last_used_at AS "lastUsedAt",
      CASE WHEN t.all_apps THEN NULL ELSE coalesce((SELECT json_agg(a.name ORDER BY a.name)
        FROM token_apps l JOIN apps a ON a.id = l.app_id
        WHERE l.token_id = t.id AND a.removed_at IS NULL), '[]') END AS apps
    FROM api_tokens t LEFT JOIN users u ON u.id = t.owner_id
    WHERE t.revoked_at IS NULL AND ($1::text IS NULL OR u.username = $1) ORDER BY t.name`,
}

const revoke = {
  name: 'revoke-token',
  text: `
    UPDATE api_tokens t SET revoked_at = now() FROM api_tokens k LEFT JOIN users u ON u.id = k.owner_id
    WHERE t.id = k.id AND t.name = $1 AND t.revoked_at IS NULL AND ($2::text IS NULL OR u.username = $2)
    RETURNING t.hash`,
}

export const tokens = (database: Database) => {
  const remembered = remembering<Identity | null>()

  const write = async (token: NewToken, secret: string, replace: boolean): Promise<void> => {
    const { name, role, apps, owner, expiresAt } = token
    await database.transaction(async (session) => {
      await session.query(lockNames)
      const taken = !replace && (await session.query(isInUse, [name])).length > 0
      if (taken || (await isNameOfUser(session, name))) {
        throw new TagshipError('actor.nameTaken', `there is a ${taken ? 'token' : 'user'} ${name}`)
      }
      const values = [name, hashOf(secret), role, apps === null, owner, expiresAt]
      const [made] = await session.query<{ id: string }>(put, values)
      await session.query(clearApps, [made?.id])
      if (apps) await session.query(putApps, [made?.id, apps])
    })
  }

  return {
    /** For all apps, for ever. @returns the secret, which cannot be read again. A token of this name is replaced. */
    async createToken(name: string, role: Role, secret = newSecret()): Promise<string> {
      await write({ name, role, apps: null, owner: null, expiresAt: null }, secret, true)
      return secret
    },

    /** @returns the secret, which cannot be read again @throws actor.nameTaken */
    async issueToken(token: NewToken): Promise<string> {
      const secret = newSecret()
      await write(token, secret, false)
      return secret
    },

    countTokens: (): Promise<number> => database.prisma.apiToken.count({ where: { revokedAt: null } }),

    /** By name; with `owner` (a user's name), theirs only. */
    async listTokens(owner: string | null): Promise<TokenRecord[]> {
      return database.query<TokenRecord & Record<string, unknown>>(list, [owner])
    },

    /** With `owner` (a user's name), only one of theirs. @throws token.notFound */
    async revokeToken(name: string, owner: string | null): Promise<void> {
      const [gone] = await database.query<{ hash: string }>(revoke, [name, owner])
      if (!gone) throw new TagshipError('token.notFound', `there is no token ${name}`)
      remembered.forget(gone.hash)
    },

    /** Whose token it is, or null where it is not valid. */
    authenticate(secret: string): Promise<Identity | null> {
      const hash = hashOf(secret)
      return remembered.get(hash, async () => {
        const [row] = await database.query<TokenRow & Record<string, unknown>>(find, [hash, lastUseMs])
        if (!row) return null
        if (row.stale) {
          await database.prisma.apiToken.updateMany({ where: { hash }, data: { lastUsedAt: new Date() } })
        }
        return { kind: 'token' as const, name: row.name, userId: row.ownerId, ...rightsOfToken(row) }
      })
    },
  }
}

function rightsOfToken(row: TokenRow): Rights {
  const own = row.allApps
    ? rightsOf(row.role, [])
    : rightsOf(
        null,
        row.apps.map((id) => ({ id, role: row.role })),
      )
  return row.ownerId === null ? own : narrow(own, rightsOf(row.ownerRole, row.ownerApps))
}

/** `tsp_` and 32 random bytes. */
export function newSecret(): string {
  return `tsp_${randomBytes(32).toString('base64url')}`
}

export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}
