/** Revisions: a manifest with the config that is set at the moment. */
import { createHash } from 'node:crypto'
import { canonicalJson } from '@tagship/domain'
import type { LockedApp } from '../chain.ts'
import { type Session, storableJson } from '../database.ts'
import { readEntries, snapshotOf } from './entries.ts'

const findOrInsert = {
  name: 'find-or-insert-revision',
  text: `
    WITH counted AS (
      UPDATE apps SET revision_count = revision_count + 1
      WHERE id = $1 AND NOT EXISTS (SELECT FROM revisions WHERE app_id = $1 AND hash = $5)
      RETURNING revision_count
    ),
    made AS (
      INSERT INTO revisions (id, app_id, number, manifest, env, secrets, hash)
      SELECT gen_random_uuid(), $1, revision_count, $2, $3, $4, $5 FROM counted RETURNING id
    )
    SELECT id FROM made UNION ALL SELECT id FROM revisions WHERE app_id = $1 AND hash = $5`,
}

/**
 * The revision of the manifest and of what is set now: made, or found where an equal one is there. The app's
 * row is locked, so that no change of config comes in between. @returns its id
 */
export async function ensureRevision(session: Session, app: LockedApp, manifest: unknown): Promise<string> {
  const content = { manifest: storableJson(manifest), ...snapshotOf(await readEntries(session, app.id)) }
  const hash = createHash('sha256').update(canonicalJson(content)).digest('hex')
  const json = [content.manifest, content.env, content.secrets].map((part) => JSON.stringify(part))
  const [row] = await session.query<{ id: string }>(findOrInsert, [app.id, ...json, hash])
  if (!row) throw new Error(`no revision was made for ${app.name}`)
  return row.id
}
