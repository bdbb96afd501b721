import { setTimeout as sleep } from 'node:timers/promises'
import pLimit from 'p-limit'

/** Waits for a turn, which ends when it is disposed of: `using turn = await takeTurn()`. */
export type TakeTurn = () => Promise<Disposable>

/**
 * Some at once, and whoever comes then waits: a hundred at once would each get a hundredth of the machine, and so
 * would everybody else on it. A turn that takes longer than `longestMs` keeps nobody waiting any more.
 */
export function createTurns({ atOnce, longestMs }: { atOnce: number; longestMs: number }): TakeTurn {
  const limit = pLimit(atOnce)
  return () =>
    new Promise((begin) => {
      void limit(() => {
        const over = new AbortController()
        begin({ [Symbol.dispose]: () => over.abort() })
        return sleep(longestMs, undefined, { signal: over.signal, ref: false }).catch(() => {})
      })
    })
}
