/** What the control plane lacks at the moment. */
import type { Readiness } from '@tagship/api'
import { api } from './session.ts'
import { createStore } from './store.ts'
import { pause, whileVisible } from './while-visible.ts'

type Check = Readiness['checks'][number]

/** Parts that do not answer; none: all is well, or nobody knows. */
export const missing = createStore<readonly Check[]>([])

const againMs = 2_000

/** Follows until the signal aborts. Where nobody can be let in, since Postgres is away, the open endpoint still tells why. */
export async function followReadiness(signal: AbortSignal): Promise<void> {
  await whileVisible(signal, async (visible) => {
    try {
      for await (const found of await api().follow.watchReadiness({ signal: visible })) tell(found)
    } catch {
      await api()
        .readiness({ signal: visible })
        .then(tell, () => missing.set([]))
    }
    await pause(againMs, visible)
  })
}

function tell({ checks }: Readiness): void {
  missing.set(checks.filter(({ ok }) => !ok))
}
