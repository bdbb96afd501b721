/** An app's config as it is shown: what is set, and what runs. Values of secrets are not in it. */
import type { ConfigSnapshot } from '@tagship/domain'
import type { AppConfig } from '@tagship/engine'
import type { Database } from '../database.ts'
import { readEntries } from './entries.ts'
import type { SecretKey } from './seal.ts'

const selectLive = {
  name: 'live-config',
  text: `
    SELECT r.number AS release, v.number AS revision, v.env, v.secrets FROM apps a
    JOIN deployments d ON d.id = a.serving_deployment_id
    JOIN releases r ON r.id = d.release_id JOIN revisions v ON v.id = r.revision_id
    WHERE a.id = $1`,
}

/** Env values are strings and versions numbers: one never passes for the other. */
const selectNotLive = {
  name: 'config-not-live',
  text: `
    WITH running AS (
      SELECT a.id AS app_id, v.env || v.secrets AS content FROM apps a
      JOIN deployments d ON d.id = a.serving_deployment_id
      JOIN releases r ON r.id = d.release_id JOIN revisions v ON v.id = r.revision_id
      WHERE a.id = ANY($1::uuid[])
    ),
    live AS (SELECT app_id, key AS name, value AS content FROM running, jsonb_each(content)),
    wanted AS (
      SELECT app_id, name, coalesce(to_jsonb(value), to_jsonb(secret_version)) AS content
      FROM config_entries JOIN running USING (app_id)
    )
    SELECT app_id, array_agg(name ORDER BY name COLLATE "C") AS names
    FROM wanted FULL JOIN live USING (app_id, name)
    WHERE wanted.content IS DISTINCT FROM live.content GROUP BY app_id`,
}

const selectUnreadable = {
  name: 'unreadable-secrets',
  text: `
    SELECT a.name AS app, e.name FROM config_entries e
    JOIN secret_versions s ON s.app_id = e.app_id AND s.name = e.name AND s.version = e.secret_version
    JOIN apps a ON a.id = e.app_id
    WHERE s.key_id <> $1 AND a.removed_at IS NULL
    UNION ALL
    SELECT a.name, 'the credential of its repository' FROM source_credentials c JOIN apps a ON a.id = c.app_id
    WHERE c.key_id <> $1 AND a.removed_at IS NULL
    UNION ALL
    SELECT a.name, w.provider || ' webhook' FROM webhooks w JOIN apps a ON a.id = w.app_id
    WHERE w.key_id <> $1 AND a.removed_at IS NULL
    ORDER BY app, name`,
}

interface LiveRow extends ConfigSnapshot {
  readonly release: number
  readonly revision: number
}

export const configReading = (database: Database, secretKey: SecretKey) => ({
  async readConfig(appId: string): Promise<AppConfig> {
    const entries = await readEntries(database, appId)
    const [live] = await database.query<LiveRow & Record<string, unknown>>(selectLive, [appId])
    return {
      entries: entries.map(({ name, value, version, key_id, set_by, set_at }) => ({
        name,
        kind: version === null ? ('env' as const) : ('secret' as const),
        value,
        version,
        readable: key_id === null || key_id === secretKey.id,
        setBy: set_by,
        setAt: set_at,
      })),
      live: live ?? null,
      notLive: (await notLive(database, [appId])).get(appId) ?? [],
    }
  },

  /** Secrets that are set, and sealed with a key that this controller does not have. */
  unreadableSecrets: (): Promise<{ app: string; name: string }[]> =>
    database.query(selectUnreadable, [secretKey.id]),

  /** By app: the names for which something else runs than what is set; apps without any are left out. */
  configNotLive: (appIds: readonly string[]): Promise<Map<string, string[]>> => notLive(database, appIds),
})

async function notLive(database: Database, appIds: readonly string[]): Promise<Map<string, string[]>> {
  const rows = await database.query<{ app_id: string; names: string[] }>(selectNotLive, [appIds])
  return new Map(rows.map(({ app_id, names }) => [app_id, names]))
}
