/** One request under way, and what is known of it so far. */

/** What comes back first: all that a version can be read from. */
export interface AnswerHead {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

export type VersionOf = (head: AnswerHead) => string | null

export interface ProbeRequest {
  /** When it was begun, before any connection was made: wall clock, and milliseconds since some moment. */
  readonly startedAt: number
  readonly startedTick: number
  /** Null until the answer's head is there. */
  readonly status: number | null
  readonly headTick: number | null
  /** The version that answered; null until the head is there, or where the head names none. */
  readonly version: string | null
  /** To be called as soon as the answer's head is there. */
  answered(head: AnswerHead): void
  /** A sign of life between head and end (a chunk, an echo): it counts as a success for the longest gap. */
  alive(): void
}

export function beginRequest(versionOf: VersionOf, onAlive: () => void): ProbeRequest {
  let status: number | null = null
  let headTick: number | null = null
  let version: string | null = null
  return {
    startedAt: Date.now(),
    startedTick: performance.now(),
    get status() {
      return status
    },
    get headTick() {
      return headTick
    },
    get version() {
      return version
    },
    answered: (head) => {
      status = head.status
      headTick = performance.now()
      version = versionOf(head)
    },
    alive: onAlive,
  }
}

/** The sample apps' way to name their version. */
export function versionFromHeader(head: AnswerHead): string | null {
  const value = head.headers['x-version']
  return typeof value === 'string' ? value : null
}
