import { readFileSync, writeFileSync } from 'node:fs'
import { setPriority } from 'node:os'

const niceness = -10

/**
 * The control plane answers while a hundred builds and boots want every core: it does little itself, and what
 * it does is waited for. What it starts (Postgres, Redis) inherits this, but for git, which steps back; builds and apps are
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

function tryTo(ask: () => void): void {
  try {
    ask()
  } catch {
    // Not allowed (a container, a user without rights), or not Linux.
  }
}
