/** What one sees of each app at a glance besides the app itself: health, the last hour's traffic, alerts. */
import type { AppCardJson, LastHourJson } from '@tagship/api'
import { queryOptions } from '@tanstack/react-query'
import { api } from './session.ts'

export type Glance = Pick<AppCardJson, 'health' | 'slots' | 'traffic' | 'alerts'>

const largestPage = 200

/** By the name of the app. Renewed by events (live.ts), and by each visit. */
export const glancesQuery = queryOptions({
  queryKey: ['overview'],
  queryFn: async ({ signal }): Promise<ReadonlyMap<string, Glance>> => {
    const found = new Map<string, Glance>()
    let cursor: string | undefined
    do {
      const page = await api().readOverview({ query: { limit: largestPage, cursor }, signal })
      for (const { app, health, slots, traffic, alerts } of page.items)
        found.set(app.name, { health, slots, traffic, alerts })
      cursor = page.next ?? undefined
    } while (cursor)
    return found
  },
  staleTime: 0,
})

const recentDeployments = 30

/** The newest of all apps; renewed as the overview is. */
export const recentQuery = queryOptions({
  queryKey: [...glancesQuery.queryKey, 'recent'],
  queryFn: async ({ signal }) =>
    (await api().listAllDeployments({ query: { limit: recentDeployments }, signal })).items,
  staleTime: 0,
})

/** Over the whole hour. */
export function totalOf({ requests, errors }: LastHourJson): { requests: number; errors: number } {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
  return { requests: sum(requests), errors: sum(errors) }
}
