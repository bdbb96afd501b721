/** Leases of workers that are known to be gone. */
import type { Database } from './database.ts'
import { deploymentKey } from './outbox.ts'
import { activeList } from './records/deployment.ts'

const endLeases = {
  name: 'end-leases',
  // A new fence: it makes a key that no job has yet, and whatever the old worker still tries is refused.
  text: `
    WITH b AS (
      UPDATE builds SET lease_holder = NULL, lease_expires_at = NULL, fence = nextval('fence_seq')
      WHERE starts_with(lease_holder, $1) AND state = 'running' RETURNING release_id, fence
    ),
    d AS (
      UPDATE deployments SET lease_holder = NULL, lease_expires_at = NULL, fence = nextval('fence_seq')
      WHERE starts_with(lease_holder, $1) RETURNING id, version, fence
    )
    INSERT INTO outbox (queue, subject, key)
    SELECT 'builds', release_id, release_id || '-' || fence FROM b
    UNION ALL SELECT 'deployments', d.id, ${deploymentKey} FROM d`,
}

const count = {
  name: 'count-leases',
  text: `
    SELECT holder, count(*)::int AS count FROM (
      SELECT lease_holder AS holder FROM deployments WHERE state IN (${activeList}) AND lease_holder IS NOT NULL
      UNION ALL SELECT lease_holder FROM builds WHERE state = 'running' AND lease_holder IS NOT NULL
    ) held GROUP BY holder`,
}

export const leases = (database: Database) => ({
  /**
   * Ends the leases of every worker whose name begins so, and asks for their work to go on elsewhere: nobody has
   * to wait until they run out. Should one of them be alive after all, its fence is too low, and it changes nothing.
   */
  async endLeases(workerPrefix: string): Promise<void> {
    await database.query(endLeases, [workerPrefix])
  },

  /** By worker, of those that hold any. */
  async leaseCounts(): Promise<Map<string, number>> {
    const rows = await database.query<{ holder: string; count: number }>(count)
    return new Map(rows.map((row) => [row.holder, row.count]))
  },
})
