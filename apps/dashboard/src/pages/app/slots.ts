import type { AppJson } from '@tagship/api'
import type { DeploymentState } from '@tagship/domain/machine'
import { type Slot, slots } from '@tagship/domain/slot'

/** What one slot holds, as the picture shows it. */
export interface SlotView {
  readonly slot: Slot
  readonly live: boolean
  /** Of the deployment in it that is under way, else null. */
  readonly state: DeploymentState | null
  readonly deployment: string | null
  readonly release: string | null
  readonly tag: string | null
}

/** Pure. The live release in its slot, and in the other one what is on its way there. */
export function slotViews({ live, active }: Pick<AppJson, 'live' | 'active'>): readonly SlotView[] {
  return slots.map((slot) => {
    const isLive = live?.slot === slot
    const own = active?.slot === slot ? active : null
    const held = isLive ? live : own
    return {
      slot,
      live: isLive,
      state: own?.state ?? null,
      deployment: isLive ? live.deployment : (own?.id ?? null),
      release: held?.release ?? null,
      tag: held?.tag ?? null,
    }
  })
}
