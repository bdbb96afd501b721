/** Leases of workers that are known to be dead. */
import type { Database } from './database.ts'

const endLeases = {
  name: 'end-leases',
  text: `
    WITH b AS (
      UPDATE builds SET lease_holder = NULL, lease_expires_at = NULL WHERE starts_with(lease_holder, $1)
    )
    UPDATE deployments SET lease_holder = NULL, lease_expires_at = NULL WHERE starts_with(lease_holder, $1)
    RETURNING id`,
}

export const leases = (database: Database) => ({
  /**
   * Ends the leases of every worker whose name begins so: nobody has to wait until they run out. Should one
   * of them be alive after all, its fence is too low by then, and it changes nothing.
   */
  async endLeases(workerPrefix: string): Promise<void> {
    await database.query(endLeases, [workerPrefix])
  },
})
