/** Builds: one row a release, worked on under a lease of its own. */
import {
  type ErrorCode,
  type ImageDigest,
  type Manifest,
  parseAppName,
  parseCommitSha,
  parseTagName,
} from '@tagship/domain'
import type { BuildClaim, BuildStatus, BuiltImage, Claim, UnwantedBuild } from '@tagship/engine'
import { lockApp } from './chain.ts'
import { ensureRevision } from './config/revision.ts'
import { type Database, storableText } from './database.ts'
import { deploymentKey } from './outbox.ts'
import { type AppRow, appFrom } from './records/app.ts'
import { errorCodeFrom } from './records/deployment.ts'

const ensure = {
  name: 'ensure-build',
  text: `
    WITH made AS (
      INSERT INTO builds (release_id) SELECT id FROM releases WHERE id = $1 AND image_digest IS NULL
      ON CONFLICT DO NOTHING RETURNING release_id, state, failure_code, failure_message, fence
    ),
    job AS (
      INSERT INTO outbox (queue, subject, key) SELECT 'builds', release_id, release_id || '-' || fence FROM made
    )
    SELECT state, failure_code, failure_message FROM made
    UNION ALL SELECT state, failure_code, failure_message FROM builds WHERE release_id = $1`,
}

const claim = {
  name: 'claim-build',
  text: `
    WITH c AS (
      UPDATE builds b SET state = 'running', lease_holder = $2, fence = nextval('fence_seq'),
        lease_expires_at = clock_timestamp() + $3 * interval '1 millisecond',
        started_at = coalesce(b.started_at, now())
      FROM deployments d
      WHERE b.release_id = $1 AND b.state IN ('pending', 'running') AND d.release_id = $1 AND d.state = 'building'
        AND (b.lease_expires_at IS NULL OR b.lease_expires_at <= clock_timestamp())
      RETURNING b.release_id, b.fence, d.id AS deployment_id, d.number AS deployment_number
    )
    SELECT c.*, r.number AS release, r.commit, r.tag, to_jsonb(a) AS app
    FROM c JOIN releases r ON r.id = c.release_id JOIN app_records a ON a.id = r.app_id`,
}

const renew = {
  name: 'renew-build',
  text: `
    UPDATE builds SET lease_expires_at = clock_timestamp() + $3 * interval '1 millisecond'
    WHERE release_id = $1 AND fence = $2 AND state = 'running' RETURNING release_id`,
}

const giveBack = {
  name: 'give-back-build',
  // A new fence makes a new key: the job that gives it back is still there while this one is written.
  text: `
    WITH b AS (
      UPDATE builds SET state = 'pending', lease_holder = NULL, lease_expires_at = NULL, fence = nextval('fence_seq')
      WHERE release_id = $1 AND fence = $2 AND state = 'running' RETURNING release_id, fence
    )
    INSERT INTO outbox (queue, subject, key) SELECT 'builds', release_id, release_id || '-' || fence FROM b`,
}

const isWanted = {
  name: 'build-is-wanted',
  text: `
    SELECT 1 AS wanted FROM deployments d JOIN builds b ON b.release_id = d.release_id
    WHERE d.id = $1 AND d.state = 'building' AND b.fence = $2`,
}

const isUnsettled = {
  name: 'build-is-unsettled',
  text: `
    SELECT r.revision_id FROM builds b JOIN releases r ON r.id = b.release_id
    WHERE b.release_id = $1 AND b.fence = $2 AND r.build_key IS NULL`,
}

const tieRevision = {
  name: 'tie-revision',
  text: 'UPDATE releases SET revision_id = $2, build_key = $3 WHERE id = $1',
}

const finish = {
  name: 'finish-build',
  text: `
    WITH b AS (
      UPDATE builds SET state = $3, reused = $4, failure_code = $5, failure_message = $6, finished_at = now(),
        lease_holder = NULL, lease_expires_at = NULL
      WHERE release_id = $1 AND fence = $2 AND state = 'running' RETURNING release_id
    ),
    image AS (
      UPDATE releases r SET image_digest = $7, image_bytes = $8 FROM b
      WHERE r.id = b.release_id AND $7::text IS NOT NULL
    ),
    d AS (
      UPDATE deployments d SET version = version + 1 FROM b
      WHERE d.release_id = b.release_id AND d.state = 'building' RETURNING d.id, d.version, d.fence
    )
    INSERT INTO outbox (queue, subject, key) SELECT 'deployments', d.id, ${deploymentKey} FROM d`,
}

const wantedBy = (build: string) =>
  `(SELECT FROM deployments d WHERE d.release_id = ${build}.release_id AND d.state IN ('queued', 'building'))`

/** Of builds `b`: nobody works on them, and nobody will. */
const unwanted = `b.state IN ('pending', 'running')
      AND (b.lease_expires_at IS NULL OR b.lease_expires_at <= clock_timestamp())
      AND NOT EXISTS ${wantedBy('b')}`

const findUnwanted = {
  name: 'find-unwanted-builds',
  text: `
    SELECT b.release_id AS "releaseId", a.name AS app, r.build_key AS "buildKey"
    FROM builds b JOIN releases r ON r.id = b.release_id JOIN apps a ON a.id = r.app_id
    WHERE ${unwanted} AND NOT EXISTS (
      SELECT FROM builds other JOIN releases o ON o.id = other.release_id
      WHERE o.app_id = r.app_id AND other.state IN ('pending', 'running') AND EXISTS ${wantedBy('other')})`,
}

const endUnwanted = {
  name: 'end-unwanted-build',
  text: `
    UPDATE builds b SET state = 'failed', failure_code = 'build.canceled',
      failure_message = 'the deployment no longer wants it', finished_at = now(),
      lease_holder = NULL, lease_expires_at = NULL
    WHERE b.release_id = $1 AND ${unwanted}`,
}

const findImage = { name: 'find-image', text: 'SELECT id FROM releases WHERE image_digest = $1 LIMIT 1' }

type BuildRow = Record<'state' | 'failure_code' | 'failure_message', string | null>

interface ClaimedBuildRow {
  readonly release_id: string
  readonly fence: string
  readonly deployment_id: string
  readonly deployment_number: number
  readonly release: number
  readonly commit: string
  readonly tag: string | null
  readonly app: AppRow
}

export const builds = (database: Database) => ({
  async ensureBuild({ deployment }: Claim): Promise<BuildStatus> {
    const [row] = await database.query<BuildRow>(ensure, [deployment.releaseId])
    // No row: the release came with its image, or another worker is writing the row right now.
    if (!row) return { state: deployment.imageDigest ? 'succeeded' : 'pending', failure: null }
    const { failure_code: code, failure_message: message } = row
    return {
      state: row.state as BuildStatus['state'],
      failure: code === null ? null : { code: errorCodeFrom(code), message: message ?? '' },
    }
  },

  async claimBuild(releaseId: string, worker: string, leaseMs: number): Promise<BuildClaim | null> {
    const values = [releaseId, worker, leaseMs]
    const [row] = await database.query<ClaimedBuildRow & Record<string, unknown>>(claim, values)
    if (!row) return null
    return {
      releaseId: row.release_id,
      deploymentId: row.deployment_id,
      deploymentNumber: row.deployment_number,
      release: row.release,
      app: appFrom(row.app),
      commit: parseCommitSha(row.commit),
      tag: row.tag === null ? null : parseTagName(row.tag),
      fence: BigInt(row.fence),
      worker,
    }
  },

  async renewBuild({ releaseId, fence }: BuildClaim, leaseMs: number): Promise<boolean> {
    return (await database.query(renew, [releaseId, fence.toString(), leaseMs])).length > 0
  },

  async releaseBuild({ releaseId, fence }: BuildClaim): Promise<void> {
    await database.query(giveBack, [releaseId, fence.toString()])
  },

  async buildIsWanted({ deploymentId, fence }: BuildClaim): Promise<boolean> {
    return (await database.query(isWanted, [deploymentId, fence.toString()])).length > 0
  },

  async unwantedBuilds(): Promise<UnwantedBuild[]> {
    const rows = await database.query<Record<keyof UnwantedBuild, string> & { buildKey: string | null }>(
      findUnwanted,
    )
    return rows.map(({ releaseId, app, buildKey }) => ({ releaseId, app: parseAppName(app), buildKey }))
  },

  async endUnwantedBuild(releaseId: string): Promise<void> {
    await database.query(endUnwanted, [releaseId])
  },

  async isReleased(digest: ImageDigest): Promise<boolean> {
    return (await database.query(findImage, [digest])).length > 0
  },

  /** Nothing is written once the lease is lost, and a revision that is tied to the release stays. */
  saveRevision({ app, releaseId, fence }: BuildClaim, manifest: Manifest, buildKey: string): Promise<void> {
    return database.transaction(async (session) => {
      // From here on the config stands still: a change that comes now finds a revision without it.
      const locked = await lockApp(session, app.id)
      const values = [releaseId, fence.toString()]
      const [unsettled] = await session.query<{ revision_id: string | null }>(isUnsettled, values)
      if (!locked || !unsettled) return
      // What is built again comes with the revision that it had.
      const revision = unsettled.revision_id ?? (await ensureRevision(session, locked, manifest))
      await session.query(tieRevision, [releaseId, revision, buildKey])
    })
  },

  /** A no-op once the lease is lost. Wakes the deployment. */
  async finishBuild(
    build: BuildClaim,
    outcome:
      | { readonly image: BuiltImage; readonly reused: boolean }
      | { readonly failure: { readonly code: ErrorCode; readonly message: string } },
  ): Promise<void> {
    const columns =
      'image' in outcome
        ? ['succeeded', outcome.reused, null, null, outcome.image.digest, outcome.image.bytes]
        : ['failed', false, outcome.failure.code, storableText(outcome.failure.message), null, null]
    await database.query(finish, [build.releaseId, build.fence.toString(), ...columns])
  },
})
