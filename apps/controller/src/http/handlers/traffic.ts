import type { TrafficSampleJson } from '@tagship/api'
import { slots, TagshipError } from '@tagship/domain'
import type { TrafficStep } from '@tagship/store'
import type { SlotLook, TrafficLook } from '../../traffic/rates.ts'
import type { Handlers, ServerDeps, StreamOpeners } from '../handler.ts'
import { findApp } from '../look-up.ts'
import { lastEventId, type StreamItem } from '../server-sent-events.ts'
import { appsOf } from '../visible.ts'

const hourMs = 3_600_000
/** Steps of one answer at most. */
const mostSteps = 1_500
/** Steps that are chosen where none are asked for. */
const goodSteps = 300

export const trafficHandlers = {
  async readTraffic(deps, { query }) {
    const apps = await appsOf(deps, query.app)
    const look = deps.insight.traffic.latest()
    if (!look) throw new TagshipError('router.unavailable', 'the router has not told its figures yet')
    return present(look, apps)
  },

  async readTrafficHistory({ store }, { params, query }) {
    const app = await findApp(store, params.app)
    const { from, until, step, count } = windowOf(query)
    const found = await store.trafficSteps(app.id, from, until, step)
    return {
      app: app.name,
      from: from.toISOString(),
      step,
      slots: slots.map((slot) => ({
        slot,
        ...spread(
          found.filter((one) => one.slot === slot),
          count,
        ),
      })),
    }
  },
} satisfies Partial<Handlers>

export const trafficStreams = {
  async readTraffic(deps, { query, request }, signal) {
    const apps = await appsOf(deps, query.app)
    const since = new Date(lastEventId(request.headers) ?? Number.NaN)
    return looks(deps, apps, Number.isNaN(since.getTime()) ? null : since, signal)
  },
} satisfies Partial<StreamOpeners>

/** The last look, or all that were missed; then each new one. */
async function* looks(
  { insight }: ServerDeps,
  apps: readonly { readonly id: string }[] | null,
  since: Date | null,
  signal: AbortSignal,
): AsyncGenerator<StreamItem> {
  let wake = () => {}
  let news = true
  const notice = () => {
    news = true
    wake()
  }
  const stop = insight.traffic.onLook(notice)
  signal.addEventListener('abort', notice)
  try {
    let last = since ?? new Date((insight.traffic.latest()?.at.getTime() ?? 0) - 1)
    while (!signal.aborted) {
      news = false
      for (const look of insight.traffic.after(last)) {
        last = look.at
        yield { id: look.at.toISOString(), data: present(look, apps) }
      }
      if (!news) await new Promise<void>((resolve) => (wake = resolve))
    }
  } finally {
    stop()
    signal.removeEventListener('abort', notice)
  }
}

function present(look: TrafficLook, apps: readonly { readonly id: string }[] | null): TrafficSampleJson {
  const shown = look.apps.filter(({ appId }) => apps === null || apps.some(({ id }) => id === appId))
  return {
    at: look.at.toISOString(),
    apps: shown.map(({ app, live, backupInUse, slots }) => ({
      ...{ app, live, backupInUse },
      slots: slots.map(presentSlot),
    })),
  }
}

function presentSlot({ slot, requestsPerSecond, errorsPerSecond, responseMs, inFlight, targets }: SlotLook) {
  const up = targets.filter((target) => target.up).length
  return { slot, requestsPerSecond, errorsPerSecond, responseMs, inFlight, up, targets: targets.length }
}

/** Whole steps, the last of which has `until` in it. @throws input.invalid */
function windowOf(query: {
  readonly since?: string | undefined
  readonly until?: string | undefined
  readonly step?: number | undefined
}) {
  const until = query.until === undefined ? Date.now() : Date.parse(query.until)
  const since = query.since === undefined ? until - hourMs : Date.parse(query.since)
  if (since >= until) throw new TagshipError('input.invalid', 'since: must be before until')
  const step = query.step ?? Math.max(1, Math.ceil((until - since) / 60_000 / goodSteps)) * 60
  const from = Math.floor(since / step / 1_000) * step * 1_000
  const count = Math.ceil((until - from) / step / 1_000)
  if (count > mostSteps) {
    throw new TagshipError(
      'input.invalid',
      `step: ${count} steps are more than the ${mostSteps} of one answer`,
    )
  }
  return { from: new Date(from), until: new Date(until), step, count }
}

function spread(found: readonly TrafficStep[], count: number) {
  const requests = Array.from({ length: count }, () => 0)
  const errors = [...requests]
  const responseMs = Array.from({ length: count }, (): number | null => null)
  for (const { step, ...sums } of found) {
    requests[step] = sums.requests
    errors[step] = sums.errors
    if (sums.requests > 0) responseMs[step] = sums.responseMs
  }
  return { requests, errors, responseMs }
}
