import { type ChainEnd, eventHash } from '@tagship/domain'
import type { Session } from '../database.ts'
import { type EventRow, eventFrom } from '../events.ts'
import { type Link, verifyChain } from './chain.ts'
import type { AppHead, VerifiedChain } from './history.ts'

const pageSize = 1_000

const eventPage = {
  name: 'verify-events',
  text: `
    SELECT id, app_id AS "appId", seq, deployment_id AS "deploymentId", type, from_state AS "fromState",
      to_state AS "toState", actor, reason, duration_ms AS "durationMs", detail, at,
      previous_hash AS "previousHash", hash
    FROM events WHERE app_id = $1 AND seq > $2 ORDER BY seq LIMIT ${pageSize}`,
}

export function verifyEventChain(
  session: Session,
  head: AppHead,
  onLink: (link: ChainEnd) => void,
): Promise<VerifiedChain> {
  return verifyChain('event', head, eventLinks(session, head), onLink)
}

async function* eventLinks(session: Session, { id, name }: AppHead): AsyncGenerator<Link[]> {
  let after = -(2 ** 31)
  for (;;) {
    const rows = await session.query<EventRow & Record<string, unknown>>(eventPage, [id, after])
    yield rows.map((row) => linkOf(row, name))
    after = rows.at(-1)?.seq ?? after
    if (rows.length < pageSize) return
  }
}

function linkOf(row: EventRow, app: string): Link {
  const { id, appId: _, hash, ...fields } = eventFrom(row, app)
  return { id, seq: fields.seq, hash, previousHash: fields.previousHash, computed: eventHash(fields) }
}
