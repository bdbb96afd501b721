/** Apps at a glance, as the JSON of the API. */
import type { AlertJson, AppCardJson, SlotStateJson } from '@tagship/api'
import { progressOf, releaseName, type Slot, slots } from '@tagship/domain'
import type { AppRecord } from '@tagship/engine'
import type { SlotHolder } from '@tagship/store'
import type { LastHour } from '../traffic/minutes.ts'
import type { AppLook } from '../traffic/rates.ts'
import { type AppSituation, presentApp } from './present.ts'

export interface AppAtAGlance {
  readonly app: AppRecord
  readonly situation: AppSituation
  /** Of two in one slot, the older first. */
  readonly holders: readonly SlotHolder[]
  /** Null: the router was not asked yet, or does not answer. */
  readonly look: AppLook | null
  readonly lastHour: LastHour | null
}

export function presentCard(glance: AppAtAGlance): AppCardJson {
  const { app, situation, look, lastHour } = glance
  const states = slots.map((slot) => presentSlot(glance, slot))
  const live = states.find((state) => state.live)
  return {
    app: presentApp(app, situation),
    slots: states,
    // Users are served, but not by what should serve them.
    health: look?.backupInUse ? 'degraded' : (live?.health ?? 'empty'),
    progress: situation.active && progressOf(situation.active.state),
    traffic: lastHour && { ...lastHour, from: lastHour.from.toISOString() },
    alerts: alertsOf(glance, live),
  }
}

function presentSlot({ app, holders, look }: AppAtAGlance, slot: Slot): SlotStateJson {
  const holder = holders.findLast((one) => one.slot === slot) ?? null
  const seen = look?.slots.find((one) => one.slot === slot)
  const up = seen?.targets.filter((target) => target.up).length ?? (look ? 0 : null)
  const targets = Math.max(holder?.targets ?? 0, seen?.targets.length ?? 0)
  const live = app.liveSlot === slot
  return {
    slot,
    live,
    deployment: holder?.deployment.id ?? null,
    release: holder && releaseName(holder.deployment.releaseNumber),
    tag: holder?.deployment.tag ?? null,
    health: holder ? healthOf(up, targets, seen !== undefined || live) : 'empty',
    up: holder ? up : null,
    targets: holder ? targets : null,
    warmUntil: holder?.warmUntil?.toISOString() ?? null,
  }
}

/** @param routed a slot that is only being filled is not known at the router yet */
function healthOf(up: number | null, targets: number, routed: boolean): SlotStateJson['health'] {
  if (up === null || !routed) return 'unknown'
  if (up === 0) return 'down'
  return up < targets ? 'degraded' : 'healthy'
}

/** Tags that were moved, shown one by one up to so many. */
const movedShown = 5

function alertsOf({ situation, look }: AppAtAGlance, live: SlotStateJson | undefined): AlertJson[] {
  const { unhealed, poll } = situation
  const none = { since: null, tag: null, deployment: null }
  const alerts: AlertJson[] = []
  if (unhealed?.failure) {
    const since = unhealed.finishedAt?.toISOString() ?? null
    alerts.push({
      ...none,
      kind: 'trouble',
      message: unhealed.failure.message,
      since,
      deployment: unhealed.id,
    })
  }
  if (look?.backupInUse) {
    const message = 'no instance of the live slot can be reached; the one that was live before stands in'
    alerts.push({ ...none, kind: 'backupInUse', message, deployment: live?.deployment ?? null })
  } else if (live?.health === 'down') {
    const message = 'no instance of the live slot can be reached'
    alerts.push({ ...none, kind: 'slotDown', message, deployment: live.deployment })
  }
  for (const { tag, why } of situation.alerts.slice(0, movedShown)) {
    alerts.push({ ...none, kind: 'tagMoved', message: `${tag.name}: ${why}`, tag: tag.name })
  }
  if (poll?.error) {
    alerts.push({
      ...none,
      kind: 'pollFailed',
      message: poll.error,
      since: poll.polledAt?.toISOString() ?? null,
    })
  }
  return alerts
}
