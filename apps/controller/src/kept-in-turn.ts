import { takeLock } from '@tagship/kit'
import type { HaproxyRouter } from '@tagship/router'

/** Who has the lock for longer stands still: then two at once are better than none. */
const patienceMs = 20_000

/**
 * The router for one of several controllers: they start it, and tell it its routes, one after the other. Whoever
 * comes second finds everything done.
 */
export function keptInTurn(installation: string, router: HaproxyRouter): HaproxyRouter {
  const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
    await using _lock = await takeLock(`${installation}/router`, patienceMs)
    return await work()
  }
  return {
    ...router,
    ensure: () => inTurn(() => router.ensure()),
    restore: (routes) => inTurn(() => router.restore(routes)),
  }
}
