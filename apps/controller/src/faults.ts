import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

/** What happens to this very process at the named point. */
const actions = {
  /** It is ended as a crash would end it. The signal arrives when the kernel gets to it: nothing may follow. */
  async kill() {
    process.kill(process.pid, 'SIGKILL')
    await sleep(60_000)
  },
  /** It stands still, with all of its timers, until SIGCONT. */
  async stop() {
    process.kill(process.pid, 'SIGSTOP')
    await sleep(0)
  },
  /**
   * Only the work at the point waits, until SIGUSR2: long enough to break something else meanwhile. A signal that
   * came before the work counts.
   */
  async pause(resumed: Promise<unknown>) {
    await resumed
  },
} as const

type Action = keyof typeof actions

/**
 * Named points at which a test may end or stop this very process. Only the environment that the process
 * was started with can name one (`TAGSHIP_FAULT=switching.acted`, or `…=switching.acted:stop`), never a
 * request. Without it the function is empty. Each strikes once, the first time that the point is reached.
 */
export function faultPoints(spec: string | undefined): (point: string) => Promise<void> | void {
  if (!spec) return () => {}
  const [name, action = 'kill'] = spec.split(':')
  if (!isAction(action)) throw new RangeError(`TAGSHIP_FAULT=${spec}: no such action as ${action}`)
  const resumed = once(process, 'SIGUSR2')
  let struck = false
  return async (point) => {
    if (point !== name || struck) return
    struck = true
    await actions[action](resumed)
  }
}

function isAction(name: string): name is Action {
  return Object.hasOwn(actions, name)
}
