/** What is set for an app now. */
import type { ConfigSnapshot } from '@tagship/domain'
import type { Session } from '../database.ts'
import { sealBytes } from './seal.ts'

export interface ConfigRow {
  readonly name: string
  /** Of an env value; null for a secret. */
  readonly value: string | null
  /** Of a secret; null for an env value. */
  readonly version: number | null
  readonly key_id: string | null
  /** Of the value. */
  readonly bytes: number
  readonly set_by: string
  readonly set_at: Date
}

const selectEntries = {
  name: 'config-entries',
  text: `
    SELECT e.name, e.value, e.secret_version AS version, s.key_id, e.set_by, e.set_at,
      coalesce(octet_length(e.value), octet_length(s.sealed) - ${sealBytes}) AS bytes
    FROM config_entries e
    LEFT JOIN secret_versions s ON s.app_id = e.app_id AND s.name = e.name AND s.version = e.secret_version
    WHERE e.app_id = $1 ORDER BY e.name COLLATE "C"`,
}

/** In the order of the names. */
export function readEntries(session: Session, appId: string): Promise<ConfigRow[]> {
  return session.query<ConfigRow & Record<string, unknown>>(selectEntries, [appId])
}

/** What a revision that is made now takes. */
export function snapshotOf(entries: readonly ConfigRow[]): ConfigSnapshot {
  const env: Record<string, string> = {}
  const secrets: Record<string, number> = {}
  for (const { name, value, version } of entries) {
    if (value !== null) env[name] = value
    else if (version !== null) secrets[name] = version
  }
  return { env, secrets }
}
