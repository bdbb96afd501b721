/** Whose fault each lost request is: of the very process that served it and was killed, or ours. */
import type { FailedRequest, ProberReport } from '@tagship/prober'
import type { Struck } from './faults.ts'

export interface Account {
  readonly requests: number
  /** Lost with an instance or the router that was killed with them inside, or while there was no router. */
  readonly killed: number
  /** Every other one: there must be none. */
  readonly lost: readonly (FailedRequest & { readonly app: string })[]
}

/** How long the kernel and the prober may take until a killed process' connections have ended. */
const echoMs = 1_000

export function account(reports: ReadonlyMap<string, ProberReport>, faults: readonly Struck[]): Account {
  const lost: (FailedRequest & { app: string })[] = []
  let [requests, failed] = [0, 0]
  for (const [app, { total }] of reports) {
    requests += total.requests
    failed += total.failed
    const costly = faults.filter(({ costs }) => costs === '*' || costs === app)
    lost.push(
      ...total.failures
        .filter((request) => !costly.some((fault) => explains(fault, request)))
        .map((request) => ({ app, ...request })),
    )
  }
  return { requests, killed: failed - lost.length, lost }
}

/** It was under way when the process was killed, or began while nobody could serve. */
function explains({ at, servedAgainAt }: Struck, { startedAt, failedAt }: FailedRequest): boolean {
  return startedAt.getTime() <= servedAgainAt + echoMs && failedAt.getTime() >= at - 5
}
