import type { Logger } from '@tagship/kit'
import { isAlive } from './processes.ts'

/** How soon the death of a server is noticed. */
const intervalMs = 500

export interface Supervised {
  readonly pid: number
  /** No restart from now on; resolves when one that is under way is over. */
  release(): Promise<void>
}

/**
 * Watches a server and starts it again when it has died, for as long as this process lives; it does not keep
 * this process alive. `start` must find a server that runs already.
 */
export function supervise(name: string, pid: number, start: () => Promise<number>, log: Logger): Supervised {
  let current = pid
  let restart = Promise.resolve()
  let busy = false

  const look = () => {
    if (busy || isAlive(current)) return
    busy = true
    log.warn({ server: name, pid: current }, 'server died; starting it again')
    restart = start()
      .then(
        (fresh) => {
          current = fresh
        },
        (error) => log.error({ server: name, err: error }, 'server could not be started again'),
      )
      .finally(() => {
        busy = false
      })
  }
  const timer = setInterval(look, intervalMs).unref()

  return {
    get pid() {
      return current
    },
    async release() {
      clearInterval(timer)
      await restart
    },
  }
}
