import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Named points at which a test may end or stop this very process. Only the environment that the process
 * was started with can name one (`TAGSHIP_FAULT=switching.acted`, or `…=switching.acted:stop`), never a
 * request. Without it the function is empty.
 */
export function faultPoints(spec: string | undefined): (point: string) => Promise<void> | void {
  if (!spec) return () => {}
  const [name, action = 'kill'] = spec.split(':')
  return async (point) => {
    if (point !== name) return
    process.kill(process.pid, action === 'stop' ? 'SIGSTOP' : 'SIGKILL')
    // The signal arrives when the kernel gets to it: nothing may be done between here and there.
    await sleep(action === 'stop' ? 0 : 60_000)
  }
}
