import { auditHash, type ChainEnd, emptyChain } from '@tagship/domain'
import type { Session } from '../database.ts'
import { type Link, verifyChain } from './chain.ts'
import type { VerifiedHistory } from './history.ts'

const pageSize = 1_000

const findHead = { name: 'verify-audit-head', text: 'SELECT seq, hash FROM audit_head' }

const countUnchained = {
  name: 'count-unchained-audit',
  text: 'SELECT count(*)::int AS count FROM audit WHERE seq IS NULL',
}

const auditPage = {
  name: 'verify-audit',
  text: `
    SELECT id, seq, at, actor, action, app, outcome, detail, previous_hash AS "previousHash", hash
    FROM audit WHERE seq > $1 ORDER BY seq LIMIT ${pageSize}`,
}

interface AuditRow {
  readonly id: string
  readonly seq: number
  readonly at: Date
  readonly actor: string
  readonly action: string
  readonly app: string | null
  readonly outcome: string
  readonly detail: unknown
  readonly previousHash: string
  readonly hash: string
}

export async function verifyAuditChain(
  session: Session,
  onLink: (link: ChainEnd) => void,
): Promise<VerifiedHistory['audit']> {
  const [head] = await session.query<{ seq: number; hash: string }>(findHead)
  const [unchained] = await session.query<{ count: number }>(countUnchained)
  const chain = await verifyChain('entry', head ?? emptyChain, auditLinks(session), onLink)
  return { ...chain, unchained: unchained?.count ?? 0 }
}

async function* auditLinks(session: Session): AsyncGenerator<Link[]> {
  let after = -(2 ** 31)
  for (;;) {
    const rows = await session.query<AuditRow & Record<string, unknown>>(auditPage, [after])
    yield rows.map(linkOf)
    after = rows.at(-1)?.seq ?? after
    if (rows.length < pageSize) return
  }
}

function linkOf({ id, hash, at, ...row }: AuditRow): Link {
  const computed = auditHash({ ...row, at: at.toISOString() })
  return { id: BigInt(id), seq: row.seq, hash, previousHash: row.previousHash, computed }
}
