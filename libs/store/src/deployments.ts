/** Deployments, as they are read. */
import { activeStates, type Deployment, TagshipError } from '@tagship/domain'
import type { Database, Session, Statement } from './database.ts'
import { activeList, type DeploymentRow, deploymentFrom } from './records/deployment.ts'

const byId = {
  name: 'deployment-by-id',
  text: 'SELECT to_jsonb(d) AS record FROM deployment_records d WHERE d.id = $1',
}

const inStates = {
  name: 'deployment-in-states',
  text: 'SELECT to_jsonb(d) AS record FROM deployment_records d WHERE d.app_id = $1 AND d.state = ANY($2)',
}

const current = {
  name: 'current-deployments',
  text: `
    SELECT to_jsonb(d) AS record FROM deployment_records d
    WHERE d.id IN (
      SELECT c.id FROM deployments c WHERE c.app_id = ANY($1) AND (c.state IN (${activeList}) OR c.state IN ('queued', 'live'))
      UNION ALL SELECT w.id FROM deployments w WHERE w.app_id = ANY($1) AND w.warm_until IS NOT NULL
      UNION ALL SELECT a.serving_deployment_id FROM apps a WHERE a.id = ANY($1)
      UNION ALL SELECT h.id FROM deployments h JOIN apps a ON a.id = h.app_id AND a.deployment_count = h.number
      WHERE a.id = ANY($1) AND h.trigger = 'heal' AND h.state = 'failed'
    )`,
}

const newest = {
  name: 'newest-deployment',
  text: 'SELECT to_jsonb(d) AS record FROM deployment_records d WHERE d.app_id = $1 ORDER BY d.number DESC LIMIT 1',
}

const withInstances = {
  name: 'deployments-with-instances',
  text: `
    SELECT d.id FROM deployments d JOIN apps a ON a.id = d.app_id
    WHERE a.removed_at IS NULL AND (d.state IN (${activeList}) OR d.state = 'live' OR d.warm_until IS NOT NULL)`,
}

/** One at a time runs for an app, in the order of their numbers: a later one has vacated the slot before it came. */
const laterInSlot = {
  name: 'later-in-slot',
  text: `
    SELECT later.id FROM deployments d JOIN deployments later
      ON later.app_id = d.app_id AND later.runtime = d.runtime AND later.slot = d.slot AND later.number > d.number
    WHERE d.id = $1
      AND (later.state IN (${activeList}) OR later.state = 'live' OR later.warm_until IS NOT NULL) LIMIT 1`,
}

const highestFence = {
  name: 'highest-fence',
  text: 'SELECT coalesce(max(fence), 0) AS fence FROM deployments WHERE app_id = $1',
}

export const deployments = (database: Database) => ({
  deploymentById: (deploymentId: string): Promise<Deployment | null> => one(database, byId, [deploymentId]),

  /** The one under way, or null. */
  activeDeployment: (appId: string): Promise<Deployment | null> =>
    one(database, inStates, [appId, activeStates]),

  liveDeployment: (appId: string): Promise<Deployment | null> => one(database, inStates, [appId, ['live']]),

  /** Of all these apps: what serves, what is under way, what is queued, and a heal that failed last. */
  async currentDeployments(appIds: readonly string[]): Promise<Deployment[]> {
    const rows = await database.query<{ record: DeploymentRow }>(current, [appIds])
    return rows.map(({ record }) => deploymentFrom(record))
  },

  newestDeployment: (appId: string): Promise<Deployment | null> => one(database, newest, [appId]),

  async deploymentsWithInstances(): Promise<Set<string>> {
    const rows = await database.query<{ id: string }>(withInstances)
    return new Set(rows.map(({ id }) => id))
  },

  async slotIsTaken(deploymentId: string): Promise<boolean> {
    return (await database.query(laterInSlot, [deploymentId])).length > 0
  },

  async currentFence(appId: string): Promise<bigint> {
    const [row] = await database.query<{ fence: string }>(highestFence, [appId])
    return BigInt(row?.fence ?? 0)
  },
})

/** @throws deployment.notFound */
export async function readDeployment(session: Session, deploymentId: string): Promise<Deployment> {
  const deployment = await one(session, byId, [deploymentId])
  if (!deployment) throw noDeployment(deploymentId)
  return deployment
}

export function noDeployment(deploymentId: string): TagshipError {
  return new TagshipError('deployment.notFound', `there is no deployment with the id ${deploymentId}`)
}

async function one(
  session: Session,
  statement: Statement,
  values: readonly unknown[],
): Promise<Deployment | null> {
  const [row] = await session.query<{ record: DeploymentRow }>(statement, values)
  return row ? deploymentFrom(row.record) : null
}
