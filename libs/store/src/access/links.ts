/** Links that are good for one use: the first admin's set-up, invitations, new passwords. Only hashes are stored. */
import { randomBytes } from 'node:crypto'
import { TagshipError } from '@tagship/domain'
import type { Database, Session } from '../database.ts'
import { hashOf } from '../tokens.ts'

export type LinkPurpose = 'setUp' | 'invitation' | 'reset'

export interface LinkRecord {
  readonly purpose: LinkPurpose
  /** Whom it is for; null: whoever sets up. */
  readonly user: string | null
  readonly userId: string | null
  readonly expiresAt: Date
}

export interface IssuedLink {
  readonly secret: string
  readonly expiresAt: Date
}

const hoursOf: Readonly<Record<LinkPurpose, number>> = { setUp: 24, invitation: 72, reset: 24 }

const put = {
  name: 'put-link',
  text: `
    WITH old AS (DELETE FROM one_time_links WHERE user_id = $3 OR expires_at < now() - interval '30 days')
    INSERT INTO one_time_links (hash, purpose, user_id, created_by, expires_at)
    VALUES ($1, $2, $3, $4, now() + $5 * interval '1 hour') RETURNING expires_at AS "expiresAt"`,
}

const valid = `l.hash = $1 AND l.used_at IS NULL AND l.expires_at > now() AND u.disabled_at IS NULL
  AND (l.purpose <> 'setUp' OR NOT EXISTS (SELECT FROM users))`

const find = {
  name: 'find-link',
  text: `
    SELECT l.purpose, u.username AS user, l.user_id AS "userId", l.expires_at AS "expiresAt"
    FROM one_time_links l LEFT JOIN users u ON u.id = l.user_id WHERE ${valid}`,
}

const take = {
  name: 'take-link',
  text: `
    UPDATE one_time_links t SET used_at = now()
    FROM one_time_links l LEFT JOIN users u ON u.id = l.user_id
    WHERE t.hash = l.hash AND ${valid}
    RETURNING l.purpose, u.username AS user, l.user_id AS "userId", l.expires_at AS "expiresAt"`,
}

type Row = LinkRecord & Record<string, unknown>

/** Replaces the earlier links of the user. */
export async function putLink(
  session: Session,
  purpose: LinkPurpose,
  userId: string | null,
  createdBy: string,
): Promise<IssuedLink> {
  const secret = `tsl_${randomBytes(24).toString('base64url')}`
  const values = [hashOf(secret), purpose, userId, createdBy, hoursOf[purpose]]
  const [made] = await session.query<{ expiresAt: Date }>(put, values)
  if (!made) throw new Error('the link was not written')
  return { secret, expiresAt: made.expiresAt }
}

/** From now on it is used, once the transaction commits. @throws auth.linkInvalid */
export async function takeLink(
  session: Session,
  secret: string,
  purposes: readonly LinkPurpose[],
): Promise<LinkRecord> {
  const [link] = await session.query<Row>(take, [hashOf(secret)])
  if (!link || !purposes.includes(link.purpose)) throw linkInvalid()
  return link
}

export const links = (database: Database) => ({
  /** What the link is for, without using it. @throws auth.linkInvalid */
  async showLink(secret: string): Promise<LinkRecord> {
    const [link] = await database.query<Row>(find, [hashOf(secret)])
    if (!link) throw linkInvalid()
    return link
  },
})

function linkInvalid(): TagshipError {
  return new TagshipError('auth.linkInvalid', 'the link was used, is too old, or never was one')
}
