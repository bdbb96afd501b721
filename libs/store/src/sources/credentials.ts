/** What repositories are read with: sealed as secrets are, opened for git only. */
import type { SourceCredential } from '@tagship/domain'
import type { ShownCredential } from '@tagship/engine'
import { type SecretKey, type SecretPlace, seal, unseal } from '../config/seal.ts'
import { type Database, storableText } from '../database.ts'

/** With a colon: no name of a secret has one. */
const credentialPlace = (appId: string): SecretPlace => ({
  appId,
  name: 'source:credential',
  version: 1,
})

const set = {
  name: 'set-source-credential',
  text: `
    WITH looked AS (UPDATE apps SET next_poll_at = now(), poll_key = gen_random_uuid()::text, poll_error = NULL WHERE id = $1)
    INSERT INTO source_credentials (app_id, kind, shown, key_id, sealed, set_by, set_at)
    VALUES ($1, $2, $3, $4, $5, $6, now())
    ON CONFLICT (app_id) DO UPDATE SET kind = $2, shown = $3, key_id = $4, sealed = $5, set_by = $6, set_at = now()`,
}

const remove = {
  name: 'remove-source-credential',
  text: 'DELETE FROM source_credentials WHERE app_id = $1 RETURNING app_id',
}

const setHosts = {
  name: 'set-known-hosts',
  text: 'UPDATE apps SET known_hosts = $2, next_poll_at = now(), poll_key = gen_random_uuid()::text WHERE id = $1',
}

const selectAccess = {
  name: 'source-access',
  text: `
    SELECT a.id, a.known_hosts AS "knownHosts", c.kind, c.key_id AS "keyId", c.sealed
    FROM apps a LEFT JOIN source_credentials c ON c.app_id = a.id
    WHERE a.name = $1 AND a.removed_at IS NULL`,
}

/** With what git reaches an app's repository. */
export interface SourceAccess {
  readonly credential: SourceCredential | null
  readonly knownHosts: string | null
}

interface AccessRow {
  readonly id: string
  readonly knownHosts: string | null
  readonly keyId: string | null
  readonly sealed: Buffer | null
}

export const sourceCredentials = (database: Database, secretKey: SecretKey) => ({
  async setCredential(
    appId: string,
    credential: SourceCredential,
    shown: ShownCredential,
    actor: string,
  ): Promise<void> {
    const sealed = seal(secretKey, credentialPlace(appId), JSON.stringify(credential))
    const values = [credential.kind, JSON.stringify(shown), secretKey.id, sealed, storableText(actor)]
    await database.query(set, [appId, ...values])
  },

  async removeCredential(appId: string): Promise<boolean> {
    return (await database.query(remove, [appId])).length > 0
  },

  async setKnownHosts(appId: string, lines: string | null): Promise<void> {
    await database.query(setHosts, [appId, lines])
  },

  /** Opened for git, and kept nowhere. @throws secret.wrongKey, secret.damaged */
  async sourceAccess(app: string): Promise<SourceAccess> {
    const [row] = await database.query<AccessRow & Record<string, unknown>>(selectAccess, [app])
    if (!row) return { credential: null, knownHosts: null }
    return { credential: open(secretKey, row), knownHosts: row.knownHosts }
  },
})

function open(key: SecretKey, { id, keyId, sealed }: AccessRow): SourceCredential | null {
  if (keyId === null || sealed === null) return null
  // What was sealed here, and authenticated, has the shape that it was sealed with.
  return JSON.parse(unseal(key, credentialPlace(id), { keyId, sealed })) as SourceCredential
}
