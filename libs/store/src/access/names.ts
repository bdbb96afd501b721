/** A user and a token never have the same name: the history says who it was by name alone. */
import type { Session } from '../database.ts'

/** Names are given out one at a time. */
export const lockNames = {
  name: 'lock-actor-names',
  text: `SELECT pg_advisory_xact_lock(hashtext('tagship.actors'))`,
}

const findUser = { name: 'name-of-user', text: 'SELECT FROM users WHERE username = $1' }
/** Also one that was revoked: the history knows it. */
const findToken = { name: 'name-of-token', text: 'SELECT FROM api_tokens WHERE name = $1' }

export async function isNameOfUser(session: Session, name: string): Promise<boolean> {
  return (await session.query(findUser, [name])).length > 0
}

export async function isNameOfToken(session: Session, name: string): Promise<boolean> {
  return (await session.query(findToken, [name])).length > 0
}
