import { readFileSync, statSync, unlinkSync } from 'node:fs'
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
   * came before the work counts, where it came after the point was named.
   */
  async pause(resumed: () => boolean) {
    while (!resumed()) await sleep(20)
  },
} as const

type Action = keyof typeof actions

interface Fault {
  readonly point: string
  readonly action: Action
  /** When it was named, in milliseconds since 1970. */
  readonly since: number
}

type FaultPoint = (point: string) => Promise<void> | void

/**
 * Named points at which a test may end or stop this very process. Only the environment that the process
 * was started with can name one (`TAGSHIP_FAULT=switching.acted`, or `…=switching.acted:stop`), or name a file
 * (`TAGSHIP_FAULT=@/path`) that may hold one and is gone as soon as that has struck; never a request. Without it
 * the function is empty. Each strikes once, the first time that the point is reached.
 */
export function faultPoints(spec: string | undefined): FaultPoint {
  if (!spec) return () => {}
  const take = spec.startsWith('@') ? fromFile(spec.slice(1)) : once(parse(spec, 0))
  let signaledAt = Number.NEGATIVE_INFINITY
  process.on('SIGUSR2', () => {
    signaledAt = Date.now()
  })
  return (point) => {
    const fault = take(point)
    return fault ? actions[fault.action](() => signaledAt >= fault.since) : undefined
  }
}

type Take = (point: string) => Fault | null

function once(fault: Fault): Take {
  let struck = false
  return (point) => {
    if (point !== fault.point || struck) return null
    struck = true
    return fault
  }
}

function fromFile(path: string): Take {
  return (point) => {
    try {
      const fault = parse(readFileSync(path, 'utf8'), statSync(path).mtimeMs)
      if (fault.point !== point) return null
      // Whoever removes it, strikes: there may be several controllers.
      unlinkSync(path)
      return fault
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
      throw error
    }
  }
}

function parse(spec: string, since: number): Fault {
  const [point = '', action = 'kill'] = spec.split(':')
  if (!isAction(action)) throw new RangeError(`TAGSHIP_FAULT=${spec}: no such action as ${action}`)
  return { point, action, since }
}

function isAction(name: string): name is Action {
  return Object.hasOwn(actions, name)
}
