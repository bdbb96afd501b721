/** Traffic of all kinds at once against one host, with every request accounted for and none retried. */
import { type Kind, type KindName, kindNames, kinds } from './kinds.ts'
import { type Lane, runAtPace, type Target } from './lane.ts'
import { createLedger } from './ledger.ts'
import type { ProberReport } from './report.ts'
import { type VersionOf, versionFromHeader } from './request.ts'

export interface ProberOptions {
  /** Where to connect to: `http://127.0.0.1:8080`. */
  readonly url: string
  /** The host to ask for: `shop.localhost`. */
  readonly host: string
  /** Default: all. */
  readonly kinds?: readonly KindName[]
  /** Requests side by side, by kind. */
  readonly concurrency?: Readonly<Partial<Record<KindName, number>>>
  /** Aborting it ends the traffic as `stop` does; `stop` gives the report. */
  readonly signal?: AbortSignal
  /** Default: the header `x-version`. */
  readonly versionOf?: VersionOf
  /** How long the answers last that are long on purpose, in milliseconds; default 2, 10 and 15 s. */
  readonly slowMs?: number
  readonly streamMs?: number
  readonly webSocketMs?: number
  /** How long a request may stand still before it counts as failed, in milliseconds; default 10 s. */
  readonly timeoutMs?: number
  /** How many failed requests the report shows one by one, of each kind and in all; default 20. */
  readonly failuresKept?: number
}

export interface Prober {
  /** What has been counted until now. */
  report(): ProberReport
  /** Names this moment in the report. */
  mark(name: string): void
  /**
   * Starts nothing new and lets what is under way finish. What has not after the longest time that a request
   * may take is cut, and counts as failed.
   */
  stop(): Promise<ProberReport>
}

/** Starts at once. Never throws for what the target does: that is in the report. */
export function startProber(options: ProberOptions): Prober {
  const target = targetOf(options)
  const names = options.kinds ?? kindNames
  const stopping = new AbortController()
  const stopped = options.signal ? AbortSignal.any([options.signal, stopping.signal]) : stopping.signal
  const ledger = createLedger(names, options.versionOf ?? versionFromHeader, options.failuresKept ?? 20)
  const lanes: Lane[] = []
  stopped.addEventListener('abort', ledger.windDown, { once: true })

  const runLanes = (name: KindName): Promise<void>[] => {
    const kind: Kind = kinds[name]
    const count = options.concurrency?.[name] ?? kind.lanes
    return Array.from({ length: count }, (_, index) => {
      const lane = kind.open(target)
      lanes.push(lane)
      // One after the other, so that the lanes of a kind stay apart.
      const delayMs = (index * (kind.paceMs || 1_000)) / count
      return runAtPace(() => ledger.request(name, lane), kind.paceMs, delayMs, stopped)
    })
  }
  const running = Promise.all(names.flatMap(runLanes))

  const finish = async (): Promise<ProberReport> => {
    stopping.abort()
    const patience = setTimeout(() => closeAll(lanes), longestRequest(target))
    await running
    clearTimeout(patience)
    await closeAll(lanes)
    return ledger.report()
  }
  let finished: Promise<ProberReport> | undefined
  return {
    report: ledger.report,
    mark: ledger.mark,
    stop: () => {
      finished ??= finish()
      return finished
    },
  }
}

function targetOf(options: ProberOptions): Target {
  return {
    origin: new URL(options.url),
    host: options.host,
    slowMs: options.slowMs ?? 2_000,
    streamMs: options.streamMs ?? 10_000,
    webSocketMs: options.webSocketMs ?? 15_000,
    timeoutMs: options.timeoutMs ?? 10_000,
  }
}

function longestRequest(target: Target): number {
  return Math.max(target.slowMs, target.streamMs, target.webSocketMs) + target.timeoutMs
}

async function closeAll(lanes: readonly Lane[]): Promise<void> {
  await Promise.all(lanes.map((lane) => lane.close()))
}
