/** Jobs on their way to the queue: written with the change that needs them, handed over afterwards. */
import type { Job } from '@tagship/engine'
import type { Database, Session } from './database.ts'

/** A job for the queue. Equal keys are one job; a key has no colon. */
export interface OutboxEntry {
  readonly queue: Job['queue']
  readonly subject: string
  readonly key: string
  readonly delayMs: number
}

/**
 * The key of a deployment's job, of the table `d`. A change of the row makes a new version, and a lease that is
 * given back early a new fence; so a job that is still pending never swallows one that has to come after it,
 * and a job that is made twice for the same row is one.
 */
export const deploymentKey = `d.id || '-' || d.version || '-' || d.fence`

const enqueueJobs = {
  name: 'enqueue-jobs',
  text: `
    INSERT INTO outbox (queue, subject, key, run_at)
    SELECT j.queue, j.id, coalesce(${deploymentKey}, b.release_id || '-' || b.fence, j.id || '-' || nextval('fence_seq')),
      now() + coalesce(j."delayMs", 0) * interval '1 millisecond'
    FROM jsonb_to_recordset($1::jsonb) AS j(queue text, id text, "delayMs" float8)
    LEFT JOIN deployments d ON d.id = CASE j.queue WHEN 'deployments' THEN j.id::uuid END
    LEFT JOIN builds b ON b.release_id = CASE j.queue WHEN 'builds' THEN j.id::uuid END`,
}

const nudgeQueued = {
  name: 'nudge-queued',
  text: `
    WITH d AS (
      UPDATE deployments SET fence = nextval('fence_seq') WHERE app_id = $1 AND state = 'queued'
      RETURNING id, version, fence
    )
    INSERT INTO outbox (queue, subject, key) SELECT 'deployments', d.id, ${deploymentKey} FROM d`,
}

const takeRows = {
  name: 'take-outbox',
  text: `
    SELECT id, queue, subject, key,
      greatest(0, ceil(extract(epoch FROM run_at - clock_timestamp()) * 1000))::int AS "delayMs"
    FROM outbox ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED`,
}

const deleteRows = { name: 'delete-outbox', text: 'DELETE FROM outbox WHERE id = ANY($1::bigint[])' }

/** Writes jobs with the transaction of the session. */
export async function writeJobs(session: Session, jobs: readonly Job[]): Promise<void> {
  if (jobs.length > 0) await session.query(enqueueJobs, [JSON.stringify(jobs)])
}

/** A job for the app's queued deployment, where there is one: the place it waits for is free. */
export async function writeQueuedJob(session: Session, appId: string): Promise<void> {
  await session.query(nudgeQueued, [appId])
}

export const outbox = (database: Database) => ({
  enqueue: (jobs: readonly Job[]): Promise<void> => writeJobs(database, jobs),

  /**
   * Hands over up to `limit` jobs, oldest first, delayed ones with what is left of their delay. They leave the
   * outbox only once `handler` has taken them: a crash in between hands them over again. Several callers at
   * once get different jobs. @returns how many were handed over
   */
  takeOutbox(limit: number, handler: (jobs: readonly OutboxEntry[]) => Promise<void>): Promise<number> {
    return database.transaction(async (session) => {
      const rows = await session.query<OutboxEntry & { id: string }>(takeRows, [limit])
      if (rows.length === 0) return 0
      await handler(rows.map(({ queue, subject, key, delayMs }) => ({ queue, subject, key, delayMs })))
      await session.query(deleteRows, [rows.map(({ id }) => id)])
      return rows.length
    })
  },
})
