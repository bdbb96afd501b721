/** What processes and builds of a revision are given. The only place that opens secrets to use them. */
import type { ConfigName, ConfigSnapshot } from '@tagship/domain'
import type { BuildClaim, Claim } from '@tagship/engine'
import type { Database } from '../database.ts'
import { type SecretKey, unseal } from './seal.ts'

const selectConfig = {
  name: 'revision-config',
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
    const { env, secrets } = await configOf(database, deployment.releaseId)
    return { ...env, ...(await open(database, secretKey, app.id, secrets)) }
  },

  async buildSecrets(
    { app, releaseId }: BuildClaim,
    names: readonly ConfigName[],
  ): Promise<Record<string, string>> {
    const { secrets } = await configOf(database, releaseId)
    const wanted = Object.entries(secrets).filter(([name]) => names.some((one) => one === name))
    return open(database, secretKey, app.id, Object.fromEntries(wanted))
  },
})

async function configOf(database: Database, releaseId: string): Promise<ConfigSnapshot> {
  const [revision] = await database.query<ConfigSnapshot & Record<string, unknown>>(selectConfig, [releaseId])
  return revision ?? { env: {}, secrets: {} }
}

async function open(
  database: Database,
  secretKey: SecretKey,
  appId: string,
  versions: ConfigSnapshot['secrets'],
): Promise<Record<string, string>> {
  const rows = await database.query<Sealed & Record<string, unknown>>(selectSealed, [
    appId,
    JSON.stringify(versions),
  ])
  return Object.fromEntries(rows.map((row) => [row.name, unseal(secretKey, { appId, ...row }, row)]))
}
