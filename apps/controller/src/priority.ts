import { writeFileSync } from 'node:fs'
import { setPriority } from 'node:os'

const niceness = -10

/**
 * The control plane answers while a hundred builds and boots want every core: it does little itself, and what
 * it does is waited for. What it starts (Postgres, Redis, git) inherits this; builds and apps are the engine's
 * children and do not. Only root may ask for it; without, the machine's load shows in how long answers take.
 */
export function takePriority(): void {
  tryTo(() => setPriority(niceness))
  // Where Linux shares its cores among sessions first (sched_autogroup), that one only counts within a session.
  tryTo(() => writeFileSync('/proc/self/autogroup', `${niceness}`))
}

function tryTo(ask: () => void): void {
  try {
    ask()
  } catch {
    // Not allowed (a container, a user without rights), or not Linux.
  }
}
