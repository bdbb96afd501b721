/** Appends to an app's chain of events (DESIGN §2.9). Whoever appends holds the app's row. */
import { type ChainedEvent, eventHash } from '@tagship/domain'
import { type Session, storableJson, storableText } from './database.ts'

/** The app's row, locked until the transaction ends, and the database's time. */
export interface LockedApp {
  readonly id: string
  readonly name: string
  readonly event_seq: number
  readonly event_hash: string
  readonly removed_at: Date | null
  readonly now: Date
}

export interface NewEvent {
  readonly deployment?: string | null
  readonly type: string
  readonly from?: string | null
  readonly to?: string | null
  readonly actor: string
  readonly reason?: string | null
  readonly durationMs?: number | null
  readonly detail?: Readonly<Record<string, unknown>> | undefined
}

const lockAppRow = {
  name: 'lock-app',
  text: `
    SELECT id, name, event_seq, event_hash, removed_at, date_trunc('milliseconds', clock_timestamp()) AS now
    FROM apps WHERE id = $1 FOR NO KEY UPDATE`,
}

/** Locks the app's row: changes of one app come one after the other. */
export async function lockApp(session: Session, appId: string): Promise<LockedApp | null> {
  const [app] = await session.query<LockedApp & Record<string, unknown>>(lockAppRow, [appId])
  return app ?? null
}

/** The events as they will stand in the chain. */
function chainEvents(app: LockedApp, events: readonly NewEvent[]): ChainedEvent[] {
  let { event_seq: seq, event_hash: previousHash } = app
  return events.map((event) => {
    seq += 1
    const unhashed = {
      app: app.name,
      seq,
      deployment: event.deployment ?? null,
      type: event.type,
      from: event.from ?? null,
      to: event.to ?? null,
      actor: storableText(event.actor),
      reason: event.reason == null ? null : storableText(event.reason),
      durationMs: event.durationMs ?? null,
      detail: storableJson(event.detail ?? {}),
      at: app.now.toISOString(),
      previousHash,
    }
    previousHash = eventHash(unhashed)
    return { ...unhashed, hash: previousHash }
  })
}

const writeEvents = {
  name: 'write-events',
  text: `
    WITH written AS (
      INSERT INTO events (app_id, seq, deployment_id, type, from_state, to_state, actor, reason, duration_ms,
        detail, at, previous_hash, hash)
      SELECT $1, e.seq, e.deployment, e.type, e."from", e."to", e.actor, e.reason, e."durationMs", e.detail,
        e.at, e."previousHash", e.hash
      FROM jsonb_to_recordset($2::jsonb) AS e(seq int, deployment uuid, type text, "from" text, "to" text,
        actor text, reason text, "durationMs" bigint, detail jsonb, at timestamptz, "previousHash" text, hash text)
      ORDER BY e.seq
      RETURNING seq, hash
    )
    UPDATE apps SET event_seq = last.seq, event_hash = last.hash
    FROM (SELECT seq, hash FROM written ORDER BY seq DESC LIMIT 1) last
    WHERE apps.id = $1`,
}

/**
 * Appends the events to the chain of the locked app.
 * @returns the app with its chain's new head, for what is appended later in the transaction
 */
export async function appendEvents(
  session: Session,
  app: LockedApp,
  events: readonly NewEvent[],
): Promise<LockedApp> {
  const chained = chainEvents(app, events)
  const last = chained.at(-1)
  if (!last) return app
  await session.query(writeEvents, [app.id, JSON.stringify(chained)])
  return { ...app, event_seq: last.seq, event_hash: last.hash }
}
