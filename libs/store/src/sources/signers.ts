/** Whose signatures count, by app. */
import type { Signer } from '@tagship/domain'
import { type Database, storableText } from '../database.ts'

const add = {
  name: 'add-signer',
  text: `
    WITH looked AS (UPDATE apps SET next_poll_at = now(), poll_key = gen_random_uuid()::text WHERE id = $1)
    INSERT INTO signers (app_id, fingerprint, kind, name, key, added_by, added_at)
    VALUES ($1, $2, $3, $4, $5, $6, now())
    ON CONFLICT (app_id, fingerprint) DO UPDATE SET name = $4, key = $5, added_by = $6, added_at = now()`,
}

const remove = {
  name: 'remove-signer',
  text: 'DELETE FROM signers WHERE app_id = $1 AND fingerprint = $2 RETURNING fingerprint',
}

const select = {
  name: 'signers-of-app',
  text: `
    SELECT s.kind, s.fingerprint, s.name, s.key FROM signers s JOIN apps a ON a.id = s.app_id
    WHERE a.name = $1 AND a.removed_at IS NULL ORDER BY s.fingerprint`,
}

/** Whose signatures count has changed: each tag is checked anew. */
const forgetFindings = {
  name: 'forget-signature-findings',
  text: `DELETE FROM tag_findings WHERE app_id = $1 AND kind = 'signature'`,
}

export const signers = (database: Database) => ({
  async addSigner(appId: string, { fingerprint, kind, name, key }: Signer, actor: string): Promise<void> {
    await database.transaction(async (session) => {
      await session.query(add, [appId, fingerprint, kind, storableText(name), key, storableText(actor)])
      await session.query(forgetFindings, [appId])
    })
  },

  async removeSigner(appId: string, fingerprint: string): Promise<boolean> {
    return database.transaction(async (session) => {
      const removed = await session.query(remove, [appId, fingerprint])
      await session.query(forgetFindings, [appId])
      return removed.length > 0
    })
  },

  signersOf: (app: string): Promise<Signer[]> =>
    database.query<Signer & Record<string, unknown>>(select, [app]),
})
