import { getPriority, setPriority } from 'node:os'

/** What git computes can wait. The controller that has started it, and whose priority it inherits, cannot. */
export function stepBack(pid: number | undefined): void {
  if (pid === undefined || getPriority() >= 0) return
  try {
    setPriority(pid, 0)
  } catch {
    // It has ended already.
  }
}
