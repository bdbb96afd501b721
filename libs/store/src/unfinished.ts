/** Work without a job: found by looking at the rows, whatever became of the queue. */
import type { Deployment } from '@tagship/domain'
import type { AppRecord, Job } from '@tagship/engine'
import type { Database } from './database.ts'
import { type AppRow, appFrom } from './records/app.ts'
import { activeList, type DeploymentRow, deploymentFrom } from './records/deployment.ts'

const findUnfinished = {
  name: 'find-unfinished',
  // A deployment whose build is still open is woken by the build; a queued one waits for its place.
  text: `
    SELECT 'deployments' AS queue, d.id FROM deployments d
    LEFT JOIN builds b ON b.release_id = d.release_id AND b.state IN ('pending', 'running')
    WHERE d.state IN (${activeList}) AND (d.lease_expires_at IS NULL OR d.lease_expires_at <= now())
      AND NOT (d.state = 'building' AND b.release_id IS NOT NULL AND d.request_kind IS NULL)
      AND NOT EXISTS (SELECT FROM outbox o WHERE o.queue = 'deployments' AND o.subject = d.id::text)
    UNION ALL
    SELECT 'deployments', d.id FROM deployments d
    WHERE d.state = 'queued'
      AND NOT EXISTS (SELECT FROM deployments x WHERE x.app_id = d.app_id AND x.state IN (${activeList}))
      AND NOT EXISTS (SELECT FROM outbox o WHERE o.queue = 'deployments' AND o.subject = d.id::text)
    UNION ALL
    SELECT 'builds', b.release_id FROM builds b
    JOIN deployments d ON d.release_id = b.release_id AND d.state = 'building'
    WHERE b.state IN ('pending', 'running') AND (b.lease_expires_at IS NULL OR b.lease_expires_at <= now())
      AND NOT EXISTS (SELECT FROM outbox o WHERE o.queue = 'builds' AND o.subject = b.release_id::text)`,
}

const findCold = {
  name: 'find-cold',
  text: `
    SELECT to_jsonb(d) AS deployment, to_jsonb(a) AS app
    FROM deployment_records d JOIN app_records a ON a.id = d.app_id
    WHERE d.warm_until <= now() AND a.removed_at IS NULL ORDER BY d.warm_until`,
}

export const unfinished = (database: Database) => ({
  /** `enqueue` gives these the very keys that their lost jobs had, so that a job that is not lost stays one. */
  unfinishedWork: (): Promise<Job[]> =>
    database.query<{ queue: 'deployments' | 'builds'; id: string }>(findUnfinished),

  async expiredWarmSlots(): Promise<{ app: AppRecord; deployment: Deployment }[]> {
    const rows = await database.query<{ app: AppRow; deployment: DeploymentRow }>(findCold)
    return rows.map(({ app, deployment }) => ({ app: appFrom(app), deployment: deploymentFrom(deployment) }))
  },
})
