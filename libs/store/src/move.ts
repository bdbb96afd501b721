/** One deployment from one state to the next: the only place that writes a state. */
import {
  type DeploymentState,
  type Failure,
  isActive,
  isSettled,
  type Slot,
  type Trigger,
  transition,
} from '@tagship/domain'
import type { DeploymentRequest } from '@tagship/engine'
import { appendEvents, type LockedApp, type NewEvent } from './chain.ts'
import { type Session, storableText } from './database.ts'
import { writeQueuedJob } from './outbox.ts'

export interface LockedDeployment {
  readonly id: string
  readonly state: DeploymentState
  readonly state_since: Date
  readonly trigger: Trigger
  readonly version: number
  readonly fence: string
  readonly lease_holder: string | null
  readonly request_kind: DeploymentRequest['kind'] | null
}

export interface Move {
  readonly event: string
  readonly to: DeploymentState
  readonly actor: string
  readonly reason: string | null
  readonly detail?: Readonly<Record<string, unknown>> | undefined
  readonly slot?: Slot | undefined
  readonly failure?: Failure | undefined
  /** How long its instances stay after it was replaced. */
  readonly warmMs?: number | undefined
}

/** Which event grants which wish. */
export const grantedBy = {
  cancel: 'cancelRequested',
  promote: 'promoted',
  rollback: 'rollbackRequested',
} as const satisfies Record<DeploymentRequest['kind'], string>

const lock = {
  name: 'lock-deployment',
  // The app's row first, everywhere: whoever changes an app waits there, and nobody waits in a circle.
  text: `
    WITH a AS (
      SELECT id, name, event_seq, event_hash, removed_at FROM apps
      WHERE id = (SELECT app_id FROM deployments WHERE id = $1) FOR NO KEY UPDATE
    )
    SELECT a.id AS app_id, a.name, a.event_seq, a.event_hash, a.removed_at,
      date_trunc('milliseconds', clock_timestamp()) AS now,
      d.id, d.state, d.state_since, d.trigger, d.version, d.fence, d.lease_holder, d.request_kind
    FROM a JOIN deployments d ON d.id = $1 FOR NO KEY UPDATE OF d`,
}

const move = {
  name: 'move-deployment',
  text: `
    UPDATE deployments SET
      state = $2, state_since = $3, version = version + 1, lease_holder = NULL, lease_expires_at = NULL,
      slot = coalesce($4, slot),
      failure_phase = coalesce($5, failure_phase),
      failure_code = coalesce($6, failure_code),
      failure_message = coalesce($7, failure_message),
      request_kind = CASE WHEN $8 THEN request_kind END,
      request_actor = CASE WHEN $8 THEN request_actor END,
      request_reason = CASE WHEN $8 THEN request_reason END,
      started_at = CASE WHEN $2 = 'building' THEN $3 ELSE started_at END,
      serving_at = CASE WHEN $9 THEN $3 ELSE serving_at END,
      finished_at = CASE WHEN $10 THEN coalesce(finished_at, $3) END,
      retired_at = CASE WHEN $2 = 'retired' THEN $3 ELSE retired_at END,
      warm_until = $3 + $11 * interval '1 millisecond'
    WHERE id = $1`,
}

/** Locks the deployment and, before it, its app. Null where there is none. */
export async function lockDeployment(
  session: Session,
  deploymentId: string,
): Promise<{ app: LockedApp; deployment: LockedDeployment } | null> {
  const [row] = await session.query<LockedDeployment & Omit<LockedApp, 'id'> & { app_id: string }>(lock, [
    deploymentId,
  ])
  if (!row) return null
  const { name, event_seq, event_hash, removed_at, now } = row
  return { app: { id: row.app_id, name, event_seq, event_hash, removed_at, now }, deployment: row }
}

/**
 * Writes the new state of each locked deployment, and one event for each.
 * @returns the app with its chain's new head
 */
export async function moveDeployments(
  session: Session,
  app: LockedApp,
  moves: readonly (readonly [LockedDeployment, Move])[],
): Promise<LockedApp> {
  for (const [deployment, change] of moves) {
    await session.query(move, moveValues(app, deployment, change))
  }
  const events = moves.map(([deployment, change]) => moveEvent(app, deployment, change))
  const grown = await appendEvents(session, app, events)
  const placeIsFree = moves.some(([{ state }, { to }]) => isActive(state) && !isActive(to))
  if (placeIsFree) await writeQueuedJob(session, app.id)
  return grown
}

function moveValues(app: LockedApp, deployment: LockedDeployment, change: Move): unknown[] {
  const { to, failure } = change
  const wish = deployment.request_kind
  const stillWished =
    wish !== null && grantedBy[wish] !== change.event && transition(to, grantedBy[wish]) !== null
  return [
    deployment.id,
    to,
    app.now,
    change.slot ?? null,
    failure?.phase ?? null,
    failure?.code ?? null,
    failure ? storableText(failure.message) : null,
    stillWished,
    change.event === 'switched',
    isSettled(to),
    change.warmMs ?? null,
  ]
}

function moveEvent(app: LockedApp, deployment: LockedDeployment, change: Move): NewEvent {
  const { failure } = change
  return {
    deployment: deployment.id,
    type: change.event,
    from: deployment.state,
    to: change.to,
    actor: change.actor,
    reason: change.reason,
    durationMs: Math.max(0, app.now.getTime() - deployment.state_since.getTime()),
    detail: { ...change.detail, ...(failure ? { failure } : {}) },
  }
}
