/** Wishes about a deployment: written to its row, where the engine finds them. */
import { type Deployment, TagshipError, transition } from '@tagship/domain'
import type { DeploymentRequest } from '@tagship/engine'
import { appendEvents } from './chain.ts'
import { type Database, type Session, storableText } from './database.ts'
import { noDeployment, readDeployment } from './deployments.ts'
import { grantedBy, lockDeployment, type Move, moveDeployments } from './move.ts'
import { writeJobs } from './outbox.ts'

const writeRequest = {
  name: 'write-request',
  text: `
    UPDATE deployments SET request_kind = $2, request_actor = $3, request_reason = $4, version = version + 1
    WHERE id = $1`,
}

const findAsked = {
  name: 'find-asked',
  text: `
    SELECT id FROM deployments WHERE app_id = $1 AND id = $2::uuid
    UNION ALL
    SELECT deployment_id FROM events WHERE app_id = $1 AND type = 'requested' AND detail->>'id' = $2::text LIMIT 1`,
}

export const requests = (database: Database) => ({
  /**
   * What waits in the queue is canceled at once; else the wish is noted and the deployment woken. The same wish
   * twice is one.
   * @throws deployment.notFound, request.conflict where the deployment's state does not know the wish
   */
  async requestDeployment(deploymentId: string, request: DeploymentRequest): Promise<Deployment> {
    await database.transaction((session) => note(session, deploymentId, request))
    return readDeployment(database, deploymentId)
  },

  async askedBefore(appId: string, id: string): Promise<Deployment | null> {
    const [row] = await database.query<{ id: string }>(findAsked, [appId, id])
    return row ? readDeployment(database, row.id) : null
  },
})

async function note(session: Session, deploymentId: string, request: DeploymentRequest): Promise<void> {
  const locked = await lockDeployment(session, deploymentId)
  if (!locked) throw noDeployment(deploymentId)
  const { app, deployment } = locked
  const { kind, actor, reason, id } = request
  const next = transition(deployment.state, grantedBy[kind])
  if (!next) {
    throw new TagshipError(
      'request.conflict',
      `${kind}: the deployment of ${app.name} is ${deployment.state}`,
    )
  }
  if (deployment.state === 'queued') {
    await moveDeployments(session, app, [[deployment, cancellation(request)]])
    return
  }
  if (deployment.request_kind === kind) return
  const values = [deploymentId, kind, storableText(actor), reason === null ? null : storableText(reason)]
  await session.query(writeRequest, values)
  await appendEvents(session, app, [
    { deployment: deploymentId, type: 'requested', actor, reason, detail: { kind, ...(id ? { id } : {}) } },
  ])
  await writeJobs(session, [{ queue: 'deployments', id: deploymentId }])
}

function cancellation({ actor, reason }: DeploymentRequest): Move {
  const message = `canceled by ${actor}`
  const failure = { phase: 'queued', code: 'deployment.canceled', message } as const
  return { event: 'cancelRequested', to: 'canceled', actor, reason, failure }
}
