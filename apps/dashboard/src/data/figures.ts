/** Figures from the history. They have no stream: who comes back after a minute sees them anew. */
import { queryOptions } from '@tanstack/react-query'
import { api } from './session.ts'

const dayMs = 86_400_000
const freshMs = 60_000

export const windows = [7, 30, 90, 365] as const
export type Window = (typeof windows)[number]

export function figuresQuery(app: string | undefined, days: Window) {
  return queryOptions({
    queryKey: ['figures', app ?? null, days],
    queryFn: ({ signal }) => {
      const query = { since: new Date(Date.now() - days * dayMs).toISOString() }
      return app === undefined
        ? api().readFigures({ query, signal })
        : api().readAppFigures({ params: { app }, query, signal })
    },
    staleTime: freshMs,
  })
}

/** Steps of 20 minutes: as many columns as a phone has room for. */
const trafficStep = 1_200

/** Of the last day. */
export function trafficQuery(app: string) {
  return queryOptions({
    queryKey: ['traffic', app],
    queryFn: ({ signal }) =>
      api().readTrafficHistory({
        params: { app },
        query: { since: new Date(Date.now() - dayMs).toISOString(), step: trafficStep },
        signal,
      }),
    staleTime: freshMs,
  })
}
