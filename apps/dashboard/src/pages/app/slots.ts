import type { AppJson } from '@tagship/api'
import type { DeploymentState } from '@tagship/domain/machine'
import { type Slot, slots } from '@tagship/domain/slot'

/** What one slot holds, as the picture shows it. */
export interface SlotView {
  readonly slot: Slot
  readonly live: boolean
  /** Whether what it holds has served before, and still runs. */
  readonly warm: boolean
  /** Of the deployment in it that is under way, else null. */
  readonly state: DeploymentState | null
  readonly deployment: string | null
  readonly release: string | null
  readonly tag: string | null
}

/** Pure. The live release in its slot, and in the other one what is on its way there, or still warm. */
export function slotViews({
  live,
  warm,
  active,
}: Pick<AppJson, 'live' | 'warm' | 'active'>): readonly SlotView[] {
  return slots.map((slot) => {
    const isLive = live?.slot === slot
    const own = active?.slot === slot ? active : null
    const left = !isLive && !own && warm?.slot === slot ? warm : null
    const held = isLive ? live : (own ?? left)
    return {
      slot,
      live: isLive,
      warm: left !== null,
      state: own?.state ?? null,
      deployment: isLive ? live.deployment : (own?.id ?? left?.deployment ?? null),
      release: held?.release ?? null,
      tag: held?.tag ?? null,
    }
  })
}
