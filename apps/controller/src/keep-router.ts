import type { Parts } from './parts.ts'

/** Two controllers of different versions would take turns otherwise, many times a second. */
const reconfigureMs = 60_000

/** A router that is gone, or hangs, is started again, from its own files: Postgres is not needed for that. */
export function wakeRouter({ router }: Parts, wasWoken: () => void): () => Promise<void> {
  let reconfiguredAt = Number.NEGATIVE_INFINITY
  return async () => {
    const { running } = await router.status()
    if (running?.asConfigured) return
    if (running && performance.now() < reconfiguredAt + reconfigureMs) return
    if (running) reconfiguredAt = performance.now()
    await router.ensure()
    wasWoken()
  }
}
