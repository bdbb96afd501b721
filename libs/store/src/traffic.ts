/** What the router counted, minute by minute. Kept for a week: it is not history. */
import type { Slot } from '@tagship/domain'
import type { Database } from './database.ts'

/** Of one slot in one minute. */
export interface TrafficMinute {
  readonly appId: string
  readonly slot: Slot
  /** The beginning of the minute. */
  readonly at: Date
  readonly requests: number
  readonly errors: number
  /** The average. */
  readonly responseMs: number
}

/** Of one slot in one step of a longer time. */
export interface TrafficStep extends Omit<TrafficMinute, 'appId' | 'at'> {
  /** 0, 1, 2, … */
  readonly step: number
}

const record = {
  name: 'record-traffic',
  // Several controllers count the same; who began within the minute has seen less of it.
  text: `
    INSERT INTO traffic_minutes AS t (app_id, at, slot, requests, errors, response_ms)
    SELECT m."appId", m.at, m.slot, m.requests, m.errors, m."responseMs"
    FROM jsonb_to_recordset($1::jsonb) AS m("appId" uuid, at timestamptz, slot text, requests int, errors int,
      "responseMs" int) ORDER BY 1, 2, 3
    ON CONFLICT (app_id, at, slot) DO UPDATE SET requests = excluded.requests, errors = excluded.errors,
      response_ms = excluded.response_ms WHERE excluded.requests > t.requests`,
}

const since = {
  name: 'traffic-since',
  text: `
    SELECT app_id AS "appId", slot, at, requests, errors, response_ms AS "responseMs" FROM traffic_minutes
    WHERE at >= $1`,
}

const steps = {
  name: 'traffic-steps',
  text: `
    SELECT slot, floor(extract(epoch FROM at - $2) / $4)::int AS step, sum(requests)::int AS requests,
      sum(errors)::int AS errors,
      round(sum(requests::numeric * response_ms) / greatest(sum(requests), 1))::int AS "responseMs"
    FROM traffic_minutes WHERE app_id = $1 AND at >= $2 AND at < $3 GROUP BY 1, 2`,
}

const forget = {
  name: 'forget-traffic',
  text: `DELETE FROM traffic_minutes WHERE at < now() - interval '7 days'`,
}

export const traffic = (database: Database) => ({
  async recordTraffic(minutes: readonly TrafficMinute[]): Promise<void> {
    if (minutes.length > 0) await database.query(record, [JSON.stringify(minutes)])
  },

  /** Of all apps. */
  trafficSince: (moment: Date): Promise<TrafficMinute[]> =>
    database.query<TrafficMinute & Record<string, unknown>>(since, [moment]),

  /** Steps of so many seconds, as far as there was something to count in them. */
  trafficSteps: (appId: string, from: Date, until: Date, seconds: number): Promise<TrafficStep[]> =>
    database.query<TrafficStep & Record<string, unknown>>(steps, [appId, from, until, seconds]),

  /** Whatever is older than a week goes. */
  async forgetOldTraffic(): Promise<void> {
    await database.query(forget)
  },
})
