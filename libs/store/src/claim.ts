/** The lease on a deployment, and what a step needs to know under it. */
import { activeStates, idleSlot, manifestFromStored } from '@tagship/domain'
import type { Claim, DeploymentRequest } from '@tagship/engine'
import type { Database } from './database.ts'
import { deploymentKey } from './outbox.ts'
import { type AppRow, appFrom } from './records/app.ts'
import { type DeploymentRow, deploymentFrom } from './records/deployment.ts'

interface ClaimRow {
  readonly fence: string
  /** What the lease was taken on; the rest of the row may have been read a moment before. */
  readonly claimed_version: number
  readonly deployment: DeploymentRow
  readonly app: AppRow
  readonly previous: DeploymentRow | null
  readonly manifest: unknown
  readonly request_kind: DeploymentRequest['kind'] | null
  readonly request_actor: string | null
  readonly request_reason: string | null
  readonly newer_waits: boolean
  readonly state_since: Date
  readonly entered_with: Readonly<Record<string, unknown>> | null
}

/** Of the table or step `c`: id, fence and version of the claimed row. */
const claimColumns = `
  c.fence, c.version AS claimed_version, to_jsonb(d) AS deployment, to_jsonb(a) AS app, to_jsonb(p) AS previous,
  v.manifest, t.request_kind, t.request_actor, t.request_reason, t.state_since,
  EXISTS (SELECT FROM deployments q WHERE q.app_id = t.app_id AND q.state = 'queued') AS newer_waits,
  (SELECT e.detail FROM events e WHERE e.deployment_id = t.id AND e.to_state = t.state
    ORDER BY e.id DESC LIMIT 1) AS entered_with
FROM c
JOIN deployments t ON t.id = c.id
JOIN deployment_records d ON d.id = t.id
JOIN app_records a ON a.id = t.app_id
JOIN releases r ON r.id = t.release_id
LEFT JOIN revisions v ON v.id = r.revision_id
LEFT JOIN deployment_records p ON p.app_id = t.app_id AND p.state = 'live' AND p.id <> t.id`

const takeLease = {
  name: 'take-lease',
  text: `
    WITH c AS (
      UPDATE deployments SET lease_holder = $2, fence = nextval('fence_seq'),
        lease_expires_at = clock_timestamp() + $3 * interval '1 millisecond'
      WHERE id = $1 AND state = ANY($4) AND (lease_expires_at IS NULL OR lease_expires_at <= clock_timestamp())
      RETURNING id, fence, version
    )
    SELECT ${claimColumns}`,
}

const readLeased = {
  name: 'read-leased',
  text: `
    WITH c AS (SELECT id, fence, version FROM deployments WHERE id = $1 AND fence = $2)
    SELECT ${claimColumns}`,
}

const renewLease = {
  name: 'renew-lease',
  text: `
    UPDATE deployments SET lease_expires_at = clock_timestamp() + $3 * interval '1 millisecond'
    WHERE id = $1 AND fence = $2 AND lease_holder IS NOT NULL RETURNING id`,
}

const giveBack = {
  name: 'give-back-lease',
  text: `
    WITH d AS (
      UPDATE deployments SET lease_holder = NULL, lease_expires_at = NULL,
        fence = CASE WHEN $4::float8 IS NULL AND version = $3 THEN fence ELSE nextval('fence_seq') END
      WHERE id = $1 AND fence = $2 AND lease_holder IS NOT NULL
      RETURNING id, version, fence
    )
    INSERT INTO outbox (queue, subject, key, run_at)
    SELECT 'deployments', d.id, ${deploymentKey},
      now() + CASE WHEN d.version = $3 THEN coalesce($4, 0) ELSE 0 END * interval '1 millisecond'
    FROM d WHERE d.fence <> $2`,
}

const selectVersion = { name: 'select-version', text: 'SELECT version FROM deployments WHERE id = $1' }

const vacate = {
  name: 'vacate-slot',
  text: `
    UPDATE deployments SET warm_until = least(warm_until, now())
    WHERE app_id = $1 AND slot = $2 AND id <> $3 AND warm_until IS NOT NULL RETURNING id`,
}

export const claims = (database: Database) => ({
  async claim(deploymentId: string, worker: string, leaseMs: number): Promise<Claim | null> {
    const values = [deploymentId, worker, leaseMs, activeStates]
    const [row] = await database.query<ClaimRow & Record<string, unknown>>(takeLease, values)
    if (!row) return null
    if (row.deployment.version === row.claimed_version) return claimFrom(row, worker)
    // The row changed while the lease was waited for. Now that it is held, only wishes can change it.
    const [again] = await database.query<ClaimRow & Record<string, unknown>>(readLeased, [
      deploymentId,
      row.fence,
    ])
    return again ? claimFrom(again, worker) : null
  },

  async renew(
    claim: { readonly deployment: { readonly id: string }; readonly fence: bigint },
    leaseMs: number,
  ): Promise<boolean> {
    const rows = await database.query(renewLease, [claim.deployment.id, claim.fence.toString(), leaseMs])
    return rows.length > 0
  },

  async release(claim: Claim, again?: { readonly delayMs: number }): Promise<void> {
    const { id, version } = claim.deployment
    await database.query(giveBack, [id, claim.fence.toString(), version, again?.delayMs ?? null])
  },

  async versionOf(deploymentId: string): Promise<number> {
    const [row] = await database.query<{ version: number }>(selectVersion, [deploymentId])
    return row?.version ?? 0
  },

  async vacateSlot({ app, deployment }: Claim): Promise<boolean> {
    const slot = deployment.slot ?? idleSlot(app.liveSlot)
    const rows = await database.query(vacate, [app.id, slot, deployment.id])
    return rows.length > 0
  },
})

function claimFrom(row: ClaimRow, worker: string): Claim {
  const { request_kind: kind, request_actor: actor } = row
  return {
    deployment: deploymentFrom(row.deployment),
    app: appFrom(row.app),
    manifest: row.manifest === null ? null : manifestFromStored(row.manifest),
    request: kind === null || actor === null ? null : { kind, actor, reason: row.request_reason },
    previous: row.previous === null ? null : deploymentFrom(row.previous),
    newerWaits: row.newer_waits,
    stateSince: row.state_since,
    enteredWith: row.entered_with ?? {},
    fence: BigInt(row.fence),
    worker,
  }
}
