/** When each app's tags are looked at, and what came of it. */
import type { EngineStore } from '@tagship/engine'
import type { Database } from './database.ts'

export interface PollState {
  readonly appId: string
  readonly polledAt: Date | null
  readonly nextPollAt: Date
  /** Failures in a row. */
  readonly failures: number
  readonly error: string | null
}

/** Until then the poll that was taken has to be over; else it is taken again. */
const takenMs = 120_000

const takeDue = {
  name: 'take-due-polls',
  text: `
    UPDATE apps SET next_poll_at = now() + $2 * interval '1 millisecond'
    WHERE id IN (
      SELECT id FROM apps WHERE removed_at IS NULL AND next_poll_at <= now()
      ORDER BY next_poll_at LIMIT $1 FOR UPDATE SKIP LOCKED
    )
    RETURNING id`,
}

const record = {
  name: 'record-poll',
  text: `
    UPDATE apps SET polled_at = now(), next_poll_at = now() + $2 * interval '1 millisecond', poll_error = $3,
      poll_failures = CASE WHEN $3::text IS NULL THEN 0 ELSE poll_failures + 1 END
    WHERE id = $1`,
}

/** Whatever changes what a look may find puts another key in place meanwhile. */
const recordKey = {
  name: 'record-poll-key',
  text: `
    UPDATE apps SET polled_at = now(), poll_error = $3, poll_failures = 0,
      next_poll_at = now() + CASE WHEN poll_key IS NOT DISTINCT FROM $4 THEN $2 ELSE 0 END * interval '1 millisecond',
      poll_key = CASE WHEN poll_key IS NOT DISTINCT FROM $4 THEN $5 ELSE poll_key END
    WHERE id = $1`,
}

const last = {
  name: 'last-poll',
  text: `
    SELECT poll_key AS key, poll_failures AS failures,
      (SELECT max(first_seen_at) FROM tags WHERE app_id = $1) AS "newestTagAt"
    FROM apps WHERE id = $1`,
}

type LastPoll = { readonly key: string | null; readonly failures: number; readonly newestTagAt: Date | null }

export const polls = (database: Database) => ({
  async takeDuePolls(limit: number): Promise<string[]> {
    const rows = await database.query<{ id: string }>(takeDue, [limit, takenMs])
    return rows.map(({ id }) => id)
  },

  async recordPoll(
    appId: string,
    { nextMs, error, key }: Parameters<EngineStore['recordPoll']>[1],
  ): Promise<void> {
    const values = [appId, nextMs, error]
    if (key) await database.query(recordKey, [...values, key.before, key.now])
    else await database.query(record, values)
  },

  async lastPoll(appId: string): Promise<{ key: string | null; failures: number; newestTagAt: Date | null }> {
    const [row] = await database.query<LastPoll>(last, [appId])
    return row ?? { key: null, failures: 0, newestTagAt: null }
  },

  /** Of every app. */
  async pollState(): Promise<PollState[]> {
    const rows = await database.prisma.app.findMany({
      where: { removedAt: null },
      select: { id: true, polledAt: true, nextPollAt: true, pollFailures: true, pollError: true },
    })
    return rows.map(({ id, polledAt, nextPollAt, pollFailures, pollError }) => ({
      appId: id,
      polledAt,
      nextPollAt,
      failures: pollFailures,
      error: pollError,
    }))
  },
})
