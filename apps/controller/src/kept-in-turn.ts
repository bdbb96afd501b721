import { takeLock } from '@tagship/kit'
import type { HaproxyRouter } from '@tagship/router'

/** Who has the lock for longer stands still: then two at once are better than none. */
const patienceMs = 20_000

/**
 * The router for one of several controllers: they start it one after the other, and whoever comes second finds it
 * started. Telling it its routes needs no turn: no controller overwrites there what another has written.
 */
export function keptInTurn(installation: string, router: HaproxyRouter): HaproxyRouter {
  return {
    ...router,
    async ensure() {
      await using _lock = await takeLock(`${installation}/router`, patienceMs)
      await router.ensure()
    },
  }
}
