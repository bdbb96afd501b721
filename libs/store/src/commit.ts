/** Changes of state: each with its event, its effects and its jobs in one transaction. */
import type { Claim, StateChange } from '@tagship/engine'
import type { LockedApp } from './chain.ts'
import { settleConfigRelease } from './config/settle.ts'
import { type Database, type Session, Undo } from './database.ts'
import { violates } from './failures.ts'
import { type LockedDeployment, lockDeployment, type Move, moveDeployments } from './move.ts'
import { writeJobs } from './outbox.ts'
import { activeList } from './records/deployment.ts'

const serve = {
  name: 'serve',
  text: 'UPDATE apps SET live_slot = $2, serving_deployment_id = $3 WHERE id = $1',
}

const lockLive = {
  name: 'lock-live',
  text: `
    SELECT id, state, state_since, trigger, version, fence, lease_holder, request_kind FROM deployments
    WHERE id = $1 AND state = 'live' FOR NO KEY UPDATE`,
}

const isQueued = {
  name: 'is-queued',
  text: `SELECT id FROM deployments WHERE id = $1 AND state = 'queued'`,
}

export const commits = (database: Database) => ({
  commit(claim: Claim, change: StateChange): Promise<boolean> {
    return database.transaction(async (session) => {
      const locked = await lockDeployment(session, claim.deployment.id)
      if (!locked || !isStill(claim, locked.deployment)) throw new Undo(false)
      const { app, deployment } = locked
      const replaced = await lockReplaced(session, change.retires)
      await moveDeployments(session, app, [
        ...replaced.map((old) => [old, replacement(claim, change)] as const),
        [deployment, change],
      ])
      if (change.serves) await session.query(serve, [app.id, change.serves.slot, change.serves.deploymentId])
      await writeJobs(session, change.jobs)
      return true
    })
  },

  async claimQueued(deploymentId: string): Promise<boolean> {
    // Most that are asked about are under way already: their rows must not be locked for a look.
    if ((await database.query(isQueued, [deploymentId])).length === 0) return false
    try {
      return await database.transaction(async (session) => {
        const locked = await lockDeployment(session, deploymentId)
        if (locked?.deployment.state !== 'queued') return false
        const { app, deployment } = locked
        const settled =
          deployment.trigger !== 'config' || (await settleConfigRelease(session, app, deploymentId))
        if (!settled) return dropConfig(session, app, deployment)
        const move: Move = { event: 'claimed', to: 'building', actor: 'tagship', reason: null }
        await moveDeployments(session, app, [[deployment, move]])
        await writeJobs(session, [{ queue: 'deployments', id: deploymentId }])
        return true
      })
    } catch (error) {
      if (violates(error, 'deployments_one_active')) return false
      throw error
    }
  },
})

const activeOf = {
  name: 'active-of-app',
  text: `SELECT id FROM deployments WHERE app_id = $1 AND state IN (${activeList})`,
}

/** Nothing serves that the config could be given to; unless something comes, it waits for the next release. */
async function dropConfig(session: Session, app: LockedApp, deployment: LockedDeployment): Promise<boolean> {
  if ((await session.query(activeOf, [app.id])).length > 0) return false
  const message = 'no release serves; the config is stored, and the next deployment takes it'
  const failure = { phase: 'queued', code: 'deployment.canceled', message } as const
  const move: Move = { event: 'cancelRequested', to: 'canceled', actor: 'tagship', reason: message, failure }
  await moveDeployments(session, app, [[deployment, move]])
  return false
}

function isStill({ deployment, fence, worker }: Claim, now: LockedDeployment): boolean {
  return (
    now.version === deployment.version &&
    now.state === deployment.state &&
    BigInt(now.fence) === fence &&
    now.lease_holder === worker
  )
}

/** The old release leaves `live` before the new one enters it: there is one place. */
async function lockReplaced(session: Session, id: string | undefined): Promise<LockedDeployment[]> {
  return id === undefined ? [] : session.query<LockedDeployment & Record<string, unknown>>(lockLive, [id])
}

function replacement(claim: Claim, change: StateChange): Move {
  return {
    event: 'replaced',
    to: 'retired',
    actor: change.actor,
    reason: null,
    detail: { by: claim.deployment.number },
    warmMs: claim.manifest?.rollout.keepWarm ?? 0,
  }
}
