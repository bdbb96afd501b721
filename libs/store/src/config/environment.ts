/** What the processes of a revision find in their environment. The only place that opens secrets to use them. */
import type { Claim } from '@tagship/engine'
import type { Database } from '../database.ts'
import { type SecretKey, unseal } from './seal.ts'

const selectEnv = {
  name: 'revision-env',
  text: `
    SELECT v.env, v.secrets FROM releases r JOIN revisions v ON v.id = r.revision_id WHERE r.id = $1`,
}

const selectSealed = {
  name: 'sealed-secrets',
  text: `
    SELECT s.name, s.version, s.key_id AS "keyId", s.sealed
    FROM jsonb_each_text($2::jsonb) AS wanted(name, version)
    JOIN secret_versions s ON s.app_id = $1 AND s.name = wanted.name AND s.version = wanted.version::int`,
}

interface Sealed {
  readonly name: string
  readonly version: number
  readonly keyId: string
  readonly sealed: Buffer
}

export const environments = (database: Database, secretKey: SecretKey) => ({
  async environment({ app, deployment }: Claim): Promise<Record<string, string>> {
    const [revision] = await database.query<{ env: Record<string, string>; secrets: Record<string, number> }>(
      selectEnv,
      [deployment.releaseId],
    )
    if (!revision) return {}
    const rows = await database.query<Sealed & Record<string, unknown>>(selectSealed, [
      app.id,
      JSON.stringify(revision.secrets),
    ])
    const opened = rows.map((row) => [row.name, unseal(secretKey, { appId: app.id, ...row }, row)] as const)
    return { ...revision.env, ...Object.fromEntries(opened) }
  },
})
