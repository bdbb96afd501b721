/** Who gets a core first where there are fewer of them than work. */
import { readFileSync, writeFileSync } from 'node:fs'
import { setPriority } from 'node:os'

const niceness = -10

/**
 * The control plane answers while a hundred builds and boots want every core: it does little itself, and what
 * it does is waited for. What it starts inherits this, but for git, which steps back; builds and apps are
 * the engine's children and do not. Only root may ask for it; without, the machine's load shows in how long answers take.
 */
export function takePriority(): void {
  tryTo(() => setPriority(niceness))
  tryTo(raiseSession)
}

/**
 * Where Linux shares its cores among sessions first (sched_autogroup), niceness only counts within one. A
 * session that belongs to somebody else, such as the shell of who typed `tagship up`, is left as it is.
 */
function raiseSession(): void {
  const [, , , session] = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ') ?? []
  if (Number(session) === process.pid) writeFileSync('/proc/self/autogroup', `${niceness}`)
}

/**
 * Gives a process of ours with a session of its own the priority that our session has: a server that outlives us has
 * one, and so has each process that Postgres starts for a connection.
 */
export function sharePriority(pid: number): void {
  tryTo(() => {
    const ours = /nice (-?\d+)/.exec(readFileSync('/proc/self/autogroup', 'utf8'))?.[1] ?? '0'
    if (ours !== '0') writeFileSync(`/proc/${pid}/autogroup`, ours)
  })
}

function tryTo(ask: () => void): void {
  try {
    ask()
  } catch {
    // Not allowed (a container, a user without rights), or not Linux.
  }
}
