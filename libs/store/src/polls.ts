/** When each app's tags are looked at, and what came of it. */
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

export const polls = (database: Database) => ({
  async takeDuePolls(limit: number): Promise<string[]> {
    const rows = await database.query<{ id: string }>(takeDue, [limit, takenMs])
    return rows.map(({ id }) => id)
  },

  async recordPoll(
    appId: string,
    { nextMs, error }: { readonly nextMs: number; readonly error: string | null },
  ): Promise<void> {
    await database.query(record, [appId, nextMs, error])
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
