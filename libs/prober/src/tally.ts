/** What is counted of one kind of traffic, or of all of them. */
import type { KindName } from './kinds.ts'
import { createLatencies } from './latencies.ts'
import type { FailedRequest, TrafficReport } from './report.ts'
import type { ProbeRequest } from './request.ts'

export interface Tally {
  succeeded(request: ProbeRequest, latencyMs: number): void
  failed(kind: KindName, request: ProbeRequest, error: unknown): void
  /** Something right has come back, be it only a part of an answer. */
  alive(): void
  /** No more gaps are measured: from now on it is by design that less and less comes back. */
  windDown(): void
  report(): TrafficReport
}

export function createTally(failuresKept: number): Tally {
  const latencies = createLatencies()
  const failures: FailedRequest[] = []
  const versions = new Map<string, number>()
  let requests = 0
  let failed = 0
  let lastAlive = performance.now()
  let longestGap = 0

  const count = ({ version }: ProbeRequest) => {
    requests += 1
    if (version !== null) versions.set(version, (versions.get(version) ?? 0) + 1)
  }
  let windingDown = false
  const gap = () => (windingDown ? longestGap : Math.max(longestGap, performance.now() - lastAlive))
  const alive = () => {
    longestGap = gap()
    lastAlive = performance.now()
  }
  return {
    alive,
    windDown: () => {
      longestGap = gap()
      windingDown = true
    },
    succeeded: (request, latencyMs) => {
      count(request)
      alive()
      latencies.add(latencyMs)
    },
    failed: (kind, request, error) => {
      count(request)
      failed += 1
      if (failures.length < failuresKept) failures.push(describe(kind, request, error))
    },
    report: () => ({
      requests,
      failed,
      failures: [...failures],
      versions: Object.fromEntries(versions),
      latencyMs: {
        p50: round(latencies.percentile(0.5)),
        p95: round(latencies.percentile(0.95)),
        p99: round(latencies.percentile(0.99)),
        max: round(latencies.max),
      },
      longestGapMs: round(gap()),
    }),
  }
}

function describe(kind: KindName, request: ProbeRequest, error: unknown): FailedRequest {
  return {
    kind,
    startedAt: new Date(request.startedAt),
    failedAt: new Date(),
    status: request.status,
    version: request.version,
    message: messageOf(error),
  }
}

/** The code too, where the message does not name it: "other side closed" alone says little. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error ? String(error.code) : ''
  const text = error.message || error.name
  return code && !text.includes(code) ? `${text} (${code})` : text
}

const round = (ms: number) => Math.round(ms * 10) / 10
