/** How often instances were probed until they were healthy, and what was found. */
import type { HealthAttempts } from '@tagship/engine'
import { type Database, storableText } from './database.ts'

const record = {
  name: 'record-health',
  text: `
    INSERT INTO health_attempts AS h (deployment_id, instance, process, healthy, detail, attempts, first_at, last_at)
    SELECT $1, a.instance, a.process, a.healthy, left(a.detail, 1000), a.attempts, a."firstAt", a."lastAt"
    FROM jsonb_to_recordset($2::jsonb) AS a(instance text, process text, healthy boolean, detail text, attempts int,
      "firstAt" timestamptz, "lastAt" timestamptz)
    ON CONFLICT (deployment_id, instance, first_at) DO UPDATE SET attempts = excluded.attempts,
      last_at = excluded.last_at, healthy = excluded.healthy, detail = excluded.detail
    WHERE excluded.attempts >= h.attempts`,
}

const list = {
  name: 'health-attempts',
  text: `
    SELECT instance, process, healthy, detail, attempts, first_at AS "firstAt", last_at AS "lastAt"
    FROM health_attempts WHERE deployment_id = $1 ORDER BY first_at, instance LIMIT 1000`,
}

export const health = (database: Database) => ({
  async recordHealth(deploymentId: string, attempts: readonly HealthAttempts[]): Promise<void> {
    if (attempts.length === 0) return
    const storable = attempts.map((entry) => ({ ...entry, detail: storableText(entry.detail) }))
    await database.query(record, [deploymentId, JSON.stringify(storable)])
  },

  /** In the order of time. */
  healthAttempts: (deploymentId: string): Promise<HealthAttempts[]> =>
    database.query<HealthAttempts & Record<string, unknown>>(list, [deploymentId]),
})
