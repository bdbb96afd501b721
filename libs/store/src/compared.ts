/** Which deployment another is held against, and what their releases contain. */
import type { Deployment } from '@tagship/domain'
import type { Database } from './database.ts'
import { type DeploymentRow, deploymentFrom } from './records/deployment.ts'

const servedBefore = {
  name: 'served-before',
  text: `
    SELECT to_jsonb(d) AS record FROM deployment_records d
    WHERE d.app_id = $1 AND d.number < $2 AND d.serving_at IS NOT NULL ORDER BY d.number DESC LIMIT 1`,
}

const contents = {
  name: 'release-contents',
  text: `
    SELECT r.number, v.manifest, v.env, v.secrets FROM releases r JOIN revisions v ON v.id = r.revision_id
    WHERE r.app_id = $1 AND r.number = ANY($2::int[])`,
}

/** What a release is made from besides its image. */
export interface ReleaseContent {
  readonly number: number
  /** As it was stored, with all defaults filled in. */
  readonly manifest: unknown
  readonly env: Readonly<Record<string, string>>
  /** Name → version. */
  readonly secrets: Readonly<Record<string, number>>
}

export const comparing = (database: Database) => ({
  /** The last one before it that came to serve, or null. */
  async servedBefore({ appId, number }: Deployment): Promise<Deployment | null> {
    const [row] = await database.query<{ record: DeploymentRow }>(servedBefore, [appId, number])
    return row ? deploymentFrom(row.record) : null
  },

  /** Of those of the releases whose manifest has been read. */
  releaseContents: (appId: string, numbers: readonly number[]): Promise<ReleaseContent[]> =>
    database.query<ReleaseContent & Record<string, unknown>>(contents, [appId, numbers]),
})
