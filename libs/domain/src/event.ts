/** The history of an app: events, each carrying the hash of the one before (DESIGN §2.9). */
import { createHash } from 'node:crypto'

export interface ChainedEvent {
  readonly app: string
  /** 1, 2, 3, … per app, without gaps. */
  readonly seq: number
  readonly deployment: string | null
  readonly type: string
  readonly from: string | null
  readonly to: string | null
  readonly actor: string
  readonly reason: string | null
  readonly durationMs: number | null
  readonly detail: unknown
  /** RFC 3339, UTC, milliseconds. */
  readonly at: string
  readonly previousHash: string
  readonly hash: string
}

export const firstPreviousHash = '0'.repeat(64)

/** SHA-256 (hex) over the event before it and every field of this one, in a canonical form. */
export function eventHash(event: Omit<ChainedEvent, 'hash'>): string {
  const { previousHash, ...fields } = event
  return createHash('sha256').update(previousHash).update('\n').update(canonicalJson(fields)).digest('hex')
}

/** The first event that was changed, removed or put in, or null where the chain holds. */
export function firstBrokenEvent(events: Iterable<ChainedEvent>): { seq: number; problem: string } | null {
  let seq = 0
  let previousHash = firstPreviousHash
  for (const event of events) {
    seq += 1
    if (event.seq !== seq)
      return { seq, problem: `event ${seq} is missing; the next one found is ${event.seq}` }
    if (event.previousHash !== previousHash)
      return { seq, problem: `event ${seq} does not follow event ${seq - 1}` }
    const { hash, ...fields } = event
    if (eventHash(fields) !== hash) return { seq, problem: `event ${seq} was changed` }
    previousHash = hash
  }
  return null
}

/** JSON with the keys of every object in order, so that equal values have equal texts. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined)
    entries.sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`
  }
  return JSON.stringify(value)
}
