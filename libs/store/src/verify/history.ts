/** Proves that the history is as it was written (DESIGN §2.9). */
import type { ChainEnd } from '@tagship/domain'
import type { Database, Session } from '../database.ts'
import { verifyAuditChain } from './audit-chain.ts'
import { verifyEventChain } from './event-chain.ts'
import { findContradiction } from './rows.ts'

interface Broken {
  /** The first link that was changed, removed or put in; null where the chain holds and a row contradicts it. */
  readonly seq: number | null
  readonly problem: string
}

export interface VerifiedChain {
  /** How many links were looked at. */
  readonly length: number
  /** The hash of the last one: noted elsewhere, it proves later that nothing up to there was rewritten. */
  readonly head: string
  readonly broken: Broken | null
}

export interface VerifiedHistory {
  /** Also of those that were removed, in the order of their names. */
  readonly apps: readonly (VerifiedChain & { readonly app: string })[]
  /** `unchained`: entries from before there was a chain. */
  readonly audit: VerifiedChain & { readonly unchained: number }
  /** Which of the expected hashes are in no chain. */
  readonly missing: readonly string[]
}

export interface AppHead extends ChainEnd {
  readonly id: string
  readonly name: string
}

const findHeads = {
  name: 'history-heads',
  text: `SELECT id, name, event_seq AS seq, event_hash AS hash FROM apps ORDER BY name COLLATE "C", created_at`,
}

export const history = (database: Database) => ({
  /**
   * Looks at every event of every app, at the rows that they tell of, and at who did what; page by page, in
   * one snapshot, so that what is written meanwhile is left for the next time.
   * @param expected hashes that were noted before: each has to be met
   */
  verifyHistory(expected: readonly string[] = []): Promise<VerifiedHistory> {
    return database.snapshot(async (session) => {
      const missing = new Set(expected)
      const onLink = ({ hash }: ChainEnd) => void missing.delete(hash)
      const apps = []
      for (const head of await session.query<AppHead & Record<string, unknown>>(findHeads)) {
        apps.push({ app: head.name, ...(await verifyApp(session, head, onLink)) })
      }
      const audit = await verifyAuditChain(session, onLink)
      return { apps, audit, missing: [...missing] }
    })
  },
})

/** Rows are compared with events only where these are proven. */
async function verifyApp(
  session: Session,
  head: AppHead,
  onLink: (link: ChainEnd) => void,
): Promise<VerifiedChain> {
  const chain = await verifyEventChain(session, head, onLink)
  if (chain.broken) return chain
  const problem = await findContradiction(session, head.id)
  return problem === null ? chain : { ...chain, broken: { seq: null, problem } }
}
