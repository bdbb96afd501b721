/** Whether the router is what it should be, before it is switched. */
import { isDeepStrictEqual } from 'node:util'
import { type Slot, TagshipError } from '@tagship/domain'
import type { Routed } from '@tagship/engine'
import { runningFingerprint } from './master.ts'
import type { Seat } from './seat-file.ts'

/** @param expected of the config that it was given; null: it was given none. @throws router.unavailable */
export async function verifyRouter(cliSocket: string, expected: string | null): Promise<void> {
  const running = await runningFingerprint(cliSocket)
  if (expected === null || running === expected) return
  throw new TagshipError(
    'router.unavailable',
    `the router runs with another config (${running}) than it should`,
  )
}

/** @throws router.unavailable where the seat is not what the rows say */
export function verifySeat(seat: Seat, target: Slot, from: Routed): void {
  const problem = whatDiffers(seat, target, from)
  if (!problem) return
  throw new TagshipError('router.unavailable', `${problem}; it is put right before anything is switched`)
}

function whatDiffers(seat: Seat, target: Slot, { app, hosts, live }: Routed): string | null {
  if (seat.app !== app) return `the router has ${seat.app ?? 'nobody'} on the seat of ${app}`
  if (!isDeepStrictEqual(seat.hosts, hosts)) return `the router has other hosts for ${app}`
  // A switch that was made before a crash shows the target.
  if (seat.live === null || seat.live === live || seat.live === target) return null
  return `the router shows ${seat.live} of ${app} as live, where ${live ?? 'nothing'} should be`
}
