/** What was under way when the backup was made has no instances here: it is ended, by the table of states. */
import {
  type DeploymentEvent,
  type DeploymentState,
  type Failure,
  isActive,
  isSettled,
  transition,
} from '@tagship/domain'
import { appendEvents, type LockedApp, lockApp } from '../chain.ts'
import type { Database, Session } from '../database.ts'
import { type LockedDeployment, type Move, moveDeployments } from '../move.ts'

/** What did not take traffic yet ends; what did is live; a revert that was begun goes through. */
const waysOut: Partial<Record<DeploymentState, readonly DeploymentEvent[]>> = {
  building: ['cancelRequested', 'discarded'],
  releasing: ['cancelRequested', 'discarded'],
  starting: ['cancelRequested', 'discarded'],
  verifying: ['cancelRequested', 'discarded'],
  awaitingPromotion: ['cancelRequested', 'discarded'],
  switching: ['refused', 'discarded'],
  draining: ['drained', 'baked'],
  baking: ['baked'],
  reverting: ['reverted', 'discarded'],
  failing: ['discarded'],
  canceling: ['discarded'],
  evicting: ['discarded'],
}

/** A deployment that the backup caught under way. */
export interface SettledDeployment {
  readonly app: string
  readonly number: number
  readonly from: DeploymentState
  readonly to: DeploymentState
}

type OpenDeployment = LockedDeployment & { readonly number: number } & Record<string, unknown>

const findApps = { name: 'settle-apps', text: 'SELECT id FROM apps WHERE removed_at IS NULL ORDER BY name' }

const lockOpen = {
  name: 'settle-open',
  text: `
    SELECT id, number, state, state_since, version, fence, lease_holder, request_kind FROM deployments
    WHERE app_id = $1 AND state NOT IN ('queued', 'failed', 'canceled', 'rolledBack', 'retired')
    FOR NO KEY UPDATE`,
}

const serve = {
  name: 'settle-serving',
  text: `
    UPDATE apps SET live_slot = d.slot, serving_deployment_id = d.id
    FROM (VALUES (1)) one LEFT JOIN deployments d ON d.app_id = $1 AND d.state = 'live'
    WHERE apps.id = $1`,
}

/** Only what serves keeps its instances on record, so that it is noticed that they are not there. */
const forgetInstances = {
  name: 'settle-instances',
  text: `
    UPDATE instances i SET address = NULL, removed_at = CASE
      WHEN EXISTS (SELECT FROM apps a WHERE a.serving_deployment_id = i.deployment_id) THEN NULL
      ELSE now() END
    WHERE removed_at IS NULL`,
}

const forgetLeases = {
  name: 'settle-leases',
  text: `
    UPDATE deployments SET warm_until = NULL, lease_holder = NULL, lease_expires_at = NULL
    WHERE warm_until IS NOT NULL OR lease_holder IS NOT NULL`,
}

const endBuilds = {
  name: 'settle-builds',
  text: `
    UPDATE builds SET state = 'failed', failure_code = 'build.canceled', failure_message = $1,
      finished_at = now(), lease_holder = NULL, lease_expires_at = NULL
    WHERE state IN ('pending', 'running')`,
}

export const settling = (database: Database) => ({
  /** @param reason why, for the history. @returns what was under way. Safe to do twice */
  settleRestored(reason: string): Promise<SettledDeployment[]> {
    return database.transaction(async (session) => {
      const settled: SettledDeployment[] = []
      for (const { id } of await session.query<{ id: string }>(findApps)) {
        const app = await lockApp(session, id)
        if (app) settled.push(...(await settleApp(session, app, reason)))
      }
      await session.query(forgetInstances)
      await session.query(forgetLeases)
      await session.query(endBuilds, [reason])
      return settled
    })
  },
})

async function settleApp(session: Session, locked: LockedApp, reason: string): Promise<SettledDeployment[]> {
  const open = await session.query<OpenDeployment>(lockOpen, [locked.id])
  const active = open.find(({ state }) => isActive(state))
  let app = await appendEvents(session, locked, [{ type: 'restored', actor: 'tagship', reason }])
  if (!active) return []
  const live = open.find(({ state }) => state === 'live')
  const events = waysOut[active.state] ?? []
  if (live && events.at(-1) === 'baked') {
    const replaced = { event: 'replaced', to: 'retired', actor: 'tagship', reason } as const
    app = await moveDeployments(session, app, [[live, { ...replaced, detail: { by: active.number } }]])
  }
  let { state } = active
  for (const event of events) {
    const to = transition(state, event)
    if (!to) throw new Error(`${event} means nothing in the state ${state}`)
    const since = state === active.state ? active.state_since : app.now
    const move: Move = {
      event,
      to,
      actor: 'tagship',
      reason,
      failure: failureOf(active.state, event, reason),
    }
    app = await moveDeployments(session, app, [[{ ...active, state, state_since: since }, move]])
    state = to
  }
  await session.query(serve, [app.id])
  return isSettled(state) ? [{ app: app.name, number: active.number, from: active.state, to: state }] : []
}

function failureOf(phase: DeploymentState, event: DeploymentEvent, message: string): Failure | undefined {
  if (event !== 'cancelRequested' && event !== 'refused') return undefined
  return { phase, code: 'deployment.canceled', message }
}
