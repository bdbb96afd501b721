/** An app's config as it is shown: what is set, and what runs. Values of secrets are not in it. */
import { type ConfigSnapshot, differingNames } from '@tagship/domain'
import type { AppConfig } from '@tagship/engine'
import type { Database } from '../database.ts'
import { readEntries, snapshotOf } from './entries.ts'
import type { SecretKey } from './seal.ts'

const selectLive = {
  name: 'live-config',
  text: `
    SELECT r.number AS release, v.number AS revision, v.env, v.secrets FROM apps a
    JOIN deployments d ON d.id = a.serving_deployment_id
    JOIN releases r ON r.id = d.release_id JOIN revisions v ON v.id = r.revision_id
    WHERE a.id = $1`,
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
      notLive: live ? differingNames(snapshotOf(entries), live) : [],
    }
  },
})
