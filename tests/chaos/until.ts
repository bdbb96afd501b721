import { setTimeout as sleep } from 'node:timers/promises'

const lookMs = 100

/**
 * Waits for a condition, looking ten times a second. @throws what it waited for when `ms` have passed, with the
 * last thing that `holds` threw as cause
 */
export async function until(
  what: string,
  ms: number,
  holds: () => Promise<boolean> | boolean,
): Promise<void> {
  const deadline = Date.now() + ms
  for (let cause: unknown; ; await sleep(lookMs)) {
    try {
      if (await holds()) return
    } catch (error) {
      cause = error
    }
    if (Date.now() > deadline) throw new Error(`waited ${ms} ms in vain until ${what}`, { cause })
  }
}

/** What happened, with what that came of. */
export function inFull(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause ? `${error.message} (${inFull(error.cause)})` : error.message
}
