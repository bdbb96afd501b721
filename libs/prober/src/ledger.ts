/** The account of all requests: each is begun here, sent once, and counted under its kind and in the total. */
import { createAnswers } from './answers.ts'
import { type Kind, type KindName, kinds } from './kinds.ts'
import type { Lane } from './lane.ts'
import type { Mark, ProberReport } from './report.ts'
import { beginRequest, type ProbeRequest, type VersionOf } from './request.ts'
import { createTally, type Tally } from './tally.ts'

export interface Ledger {
  /** Sends one request over the lane; never rejects. */
  request(name: KindName, lane: Lane): Promise<void>
  mark(name: string): void
  /** Nothing new is begun from now on: what comes back less often is no gap. */
  windDown(): void
  report(): ProberReport
}

export function createLedger(names: readonly KindName[], versionOf: VersionOf, failuresKept: number): Ledger {
  const startedAt = new Date()
  const total = createTally(failuresKept)
  const tallies = new Map<KindName, Tally>(names.map((name) => [name, createTally(failuresKept)]))
  const answers = createAnswers()
  const marks: Mark[] = []
  let inFlight = 0

  return {
    request: async (name, lane) => {
      const both = [total, tallies.get(name) ?? total]
      const request = beginRequest(versionOf, () => {
        for (const tally of both) tally.alive()
      })
      inFlight += 1
      try {
        await lane.send(request)
        const latency = latencyOf(kinds[name], request)
        for (const tally of both) tally.succeeded(request, latency)
      } catch (error) {
        for (const tally of both) tally.failed(name, request, error)
      }
      inFlight -= 1
      if (request.version !== null) answers.add(request.version, request.startedAt)
    },
    mark: (name) => {
      const { requests, failed } = total.report()
      marks.push({ name, at: new Date(), requests, failed })
    },
    windDown: () => {
      for (const tally of [total, ...tallies.values()]) tally.windDown()
    },
    report: () => ({
      startedAt,
      at: new Date(),
      inFlight,
      total: total.report(),
      kinds: Object.fromEntries([...tallies].map(([name, tally]) => [name, tally.report()])),
      marks: [...marks],
      answersBy: (version, { startedAfter, startedBefore }) =>
        answers.by(version, startedAfter.getTime(), startedBefore?.getTime()),
    }),
  }
}

function latencyOf(kind: Kind, request: ProbeRequest): number {
  const end = kind.latencyTo === 'head' ? request.headTick : null
  return (end ?? performance.now()) - request.startedTick
}
