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
  return chainHash(event)
}

/** Who did what (DESIGN §7): a chain of its own, over all apps. */
export interface ChainedAuditEntry {
  readonly seq: number
  /** RFC 3339, UTC, milliseconds. */
  readonly at: string
  readonly actor: string
  readonly action: string
  readonly app: string | null
  readonly outcome: string
  readonly detail: unknown
  readonly previousHash: string
  readonly hash: string
}

/** As `eventHash`, for an entry of the audit. */
export function auditHash(entry: Omit<ChainedAuditEntry, 'hash'>): string {
  return chainHash(entry)
}

function chainHash({ previousHash, ...fields }: { readonly previousHash: string }): string {
  return createHash('sha256').update(previousHash).update('\n').update(canonicalJson(fields)).digest('hex')
}

/** Where a chain stands after so many links. */
export interface ChainEnd {
  readonly seq: number
  readonly hash: string
}

export const emptyChain: ChainEnd = { seq: 0, hash: firstPreviousHash }

/**
 * What is wrong with the link that was found after `end`, or null. `computed` is the hash that it should
 * have; `what` is how the links of the chain are called.
 */
export function brokenLink(
  what: string,
  end: ChainEnd,
  link: ChainEnd & { readonly previousHash: string },
  computed: string,
): string | null {
  const seq = end.seq + 1
  if (link.seq !== seq) return `${what} ${seq} is missing; the next one found is ${link.seq}`
  if (link.previousHash !== end.hash) return `${what} ${seq} does not follow ${what} ${end.seq}`
  return computed === link.hash ? null : `${what} ${seq} was changed`
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
