import type { FiguresJson } from '@tagship/api'
import { releaseName, TagshipError } from '@tagship/domain'
import type { AppRecord } from '@tagship/engine'
import type { Figures } from '@tagship/store'
import type { Handlers, ServerDeps } from '../handler.ts'
import { findApp } from '../look-up.ts'

const dayMs = 86_400_000
const longestDays = 400

export const figuresHandlers = {
  async readFigures(deps, { query }) {
    return figures(deps, null, query)
  },

  async readAppFigures(deps, { params, query }) {
    return figures(deps, await findApp(deps.store, params.app), query)
  },
} satisfies Partial<Handlers>

interface Window {
  readonly since: Date
  readonly until: Date
}

/** @throws input.invalid */
async function figures(
  { store }: ServerDeps,
  app: AppRecord | null,
  query: { readonly since?: string | undefined; readonly until?: string | undefined },
): Promise<FiguresJson> {
  const window = windowOf(query)
  const found = await store.readFigures(app?.id ?? null, window.since, window.until)
  return present(found, app, window)
}

/** @throws input.invalid */
function windowOf(query: {
  readonly since?: string | undefined
  readonly until?: string | undefined
}): Window {
  const until = query.until === undefined ? new Date() : new Date(query.until)
  const since = query.since === undefined ? new Date(until.getTime() - 30 * dayMs) : new Date(query.since)
  if (since >= until) throw new TagshipError('input.invalid', 'since: must be before until')
  if (until.getTime() - since.getTime() > longestDays * dayMs) {
    throw new TagshipError('input.invalid', `since: must be at most ${longestDays} days before until`)
  }
  return { since, until }
}

function present(found: Figures, app: AppRecord | null, { since, until }: Window): FiguresJson {
  const { served, failures, ended, succeeded } = found
  const days = (until.getTime() - since.getTime()) / dayMs
  return {
    app: app?.name ?? null,
    since: since.toISOString(),
    until: until.toISOString(),
    deploymentFrequency: { perDay: served / days, samples: served },
    leadTime: found.lead,
    changeFailureRate: { rate: share(failures, served), samples: served, failures },
    timeToRestore: found.restore,
    successRate: { rate: share(succeeded, ended), samples: ended },
    phases: [...found.phases],
    toServing: found.toServing,
    days: everyDay(found.days, since, until),
    imageSizes: found.imageSizes.map(({ release, at, bytes }) => ({
      release: releaseName(release),
      at: at.toISOString(),
      bytes,
    })),
    imageBytes: found.imageBytes,
  }
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole
}

/** Also those on which nothing happened. */
function everyDay(found: Figures['days'], since: Date, until: Date): FiguresJson['days'] {
  const byDay = new Map(found.map((day) => [day.day, day]))
  const days: FiguresJson['days'] = []
  for (let at = Math.floor(since.getTime() / dayMs) * dayMs; at < until.getTime(); at += dayMs) {
    const day = new Date(at).toISOString().slice(0, 10)
    days.push(byDay.get(day) ?? { day, served: 0, failed: 0, rolledBack: 0 })
  }
  return days
}
