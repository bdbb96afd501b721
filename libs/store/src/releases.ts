/** Releases, as they are read. */
import { parseCommitSha, parseImageDigest, parseTagName } from '@tagship/domain'
import type { ReleaseRecord } from '@tagship/engine'
import type { Database, Statement } from './database.ts'

interface ReleaseRow {
  readonly id: string
  readonly number: number
  readonly tag: string | null
  readonly commit: string
  readonly image_digest: string | null
  readonly image_bytes: string | null
  readonly revision: number | null
  readonly source_release: number | null
  readonly created_at: Date
  readonly live: boolean
  readonly last_served_at: Date | null
}

/** `live` is what serves now. */
const releaseRecords = `
  SELECT r.id, r.number, r.tag, r.commit, r.image_digest, r.image_bytes, v.number AS revision,
    s.number AS source_release, r.created_at, coalesce(served.live, false) AS live, served.last_served_at
  FROM releases r
  LEFT JOIN revisions v ON v.id = r.revision_id
  LEFT JOIN releases s ON s.id = r.source_release_id
  LEFT JOIN LATERAL (
    SELECT bool_or(d.id = a.serving_deployment_id) AS live, max(d.serving_at) AS last_served_at
    FROM deployments d JOIN apps a ON a.id = d.app_id WHERE d.release_id = r.id
  ) served ON true`

const page = {
  name: 'releases-page',
  text: `${releaseRecords}
    WHERE r.app_id = $1 AND ($2::int IS NULL OR r.number < $2) ORDER BY r.number DESC LIMIT $3`,
}

const byNumber = {
  name: 'release-by-number',
  text: `${releaseRecords} WHERE r.app_id = $1 AND r.number = $2`,
}

const byTag = {
  name: 'release-by-tag',
  text: `${releaseRecords}
    WHERE r.app_id = $1 AND r.tag = $2 ORDER BY served.last_served_at IS NULL, r.number DESC LIMIT 1`,
}

/** The one that users reached before: another image or revision than what serves now, served before it did. */
const previous = {
  name: 'previous-served',
  text: `
    WITH now AS (
      SELECT d.serving_at, r.image_digest, r.revision_id FROM apps a
      JOIN deployments d ON d.id = a.serving_deployment_id JOIN releases r ON r.id = d.release_id
      WHERE a.id = $1
    )
    ${releaseRecords} JOIN now ON served.last_served_at < now.serving_at
      AND (r.image_digest, r.revision_id) IS DISTINCT FROM (now.image_digest, now.revision_id)
    WHERE r.app_id = $1
      AND EXISTS (SELECT FROM deployments d WHERE d.release_id = r.id AND d.state IN ('live', 'retired'))
    ORDER BY served.last_served_at DESC LIMIT 1`,
}

export const releases = (database: Database) => ({
  /** Newest first; `before` is the number of the last one of the page before. */
  async listReleases(
    appId: string,
    { before, limit }: { readonly before?: number | undefined; readonly limit: number },
  ): Promise<ReleaseRecord[]> {
    const rows = await database.query<ReleaseRow & Record<string, unknown>>(page, [
      appId,
      before ?? null,
      limit,
    ])
    return rows.map(releaseFrom)
  },

  releaseByNumber: (appId: string, number: number): Promise<ReleaseRecord | null> =>
    one(database, byNumber, [appId, number]),

  releaseByTag: (appId: string, tag: string): Promise<ReleaseRecord | null> =>
    one(database, byTag, [appId, tag]),

  previousServed: (appId: string): Promise<ReleaseRecord | null> => one(database, previous, [appId]),
})

async function one(
  database: Database,
  statement: Statement,
  values: readonly unknown[],
): Promise<ReleaseRecord | null> {
  const [row] = await database.query<ReleaseRow & Record<string, unknown>>(statement, values)
  return row ? releaseFrom(row) : null
}

function releaseFrom(row: ReleaseRow): ReleaseRecord {
  return {
    id: row.id,
    number: row.number,
    tag: row.tag === null ? null : parseTagName(row.tag),
    commit: parseCommitSha(row.commit),
    imageDigest: row.image_digest === null ? null : parseImageDigest(row.image_digest),
    imageBytes: row.image_bytes === null ? null : Number(row.image_bytes),
    revision: row.revision,
    sourceRelease: row.source_release,
    createdAt: row.created_at,
    live: row.live,
    hasServed: row.last_served_at !== null,
    lastServedAt: row.last_served_at,
  }
}
