/** Sessions of users, which better-auth makes and checks. */
import { TagshipError } from '@tagship/domain'
import type { Database } from '../database.ts'

export interface SessionRecord {
  readonly id: string
  readonly signedInBy: string
  readonly address: string | null
  readonly agent: string | null
  readonly createdAt: Date
  readonly lastSeenAt: Date
  readonly expiresAt: Date
}

const list = {
  name: 'list-sessions',
  text: `
    SELECT id, signed_in_by AS "signedInBy", ip_address AS address, user_agent AS agent,
      created_at AS "createdAt", updated_at AS "lastSeenAt", expires_at AS "expiresAt"
    FROM sessions WHERE user_id = $1 AND expires_at > now() ORDER BY updated_at DESC LIMIT 200`,
}
const end = {
  name: 'end-session',
  text: 'DELETE FROM sessions WHERE user_id = $1 AND id = $2 RETURNING id',
}
const endOthers = {
  name: 'end-other-sessions',
  text: 'DELETE FROM sessions WHERE user_id = $1 AND ($2::text IS NULL OR id <> $2)',
}
const sweep = {
  name: 'sweep-sign-ins',
  text: `
    WITH s AS (DELETE FROM sessions WHERE expires_at < now())
    DELETE FROM verifications WHERE expires_at < now()`,
}

export const sessions = (database: Database) => ({
  listSessions: (userId: string): Promise<SessionRecord[]> =>
    database.query<SessionRecord & Record<string, unknown>>(list, [userId]),

  /** @throws session.notFound */
  async endSession(userId: string, id: string): Promise<void> {
    const ended = await database.query(end, [userId, id])
    if (ended.length === 0) throw new TagshipError('session.notFound', 'there is no such session')
  },

  /** All but the one that is kept. */
  async endOtherSessions(userId: string, keep: string | null): Promise<void> {
    await database.query(endOthers, [userId, keep])
  },

  async forgetOldSessions(): Promise<void> {
    await database.query(sweep)
  },
})
