/** What the pages ask of the API, and under which keys it is kept. live.ts renews by these keys. */
import type { AppJson } from '@tagship/api'
import { queryOptions } from '@tanstack/react-query'
import { api } from './session.ts'

export const keys = {
  apps: ['apps'] as const,
  app: (app: string) => ['app', app] as const,
  /** All that is asked about an app, and changes with its deployments. */
  about: (app: string) => ['about', app] as const,
  history: (app: string) => ['history', app] as const,
  deployment: (id: string) => ['deployment', id] as const,
}

const largestPage = 200

export const appsQuery = queryOptions({
  queryKey: keys.apps,
  queryFn: async ({ signal }): Promise<AppJson[]> => {
    const apps: AppJson[] = []
    let cursor: string | undefined
    do {
      const page = await api().listApps({ query: { limit: largestPage, cursor }, signal })
      apps.push(...page.items)
      cursor = page.next ?? undefined
    } while (cursor)
    return apps
  },
})

export function appQuery(app: string) {
  return queryOptions({
    queryKey: keys.app(app),
    queryFn: ({ signal }) => api().getApp({ params: { app }, signal }),
  })
}

export function deploymentQuery(id: string) {
  return queryOptions({
    queryKey: keys.deployment(id),
    queryFn: ({ signal }) => api().getDeployment({ params: { id }, signal }),
  })
}

/** Every attempt to find its instances healthy, the first first. */
export function healthQuery(app: string, id: string) {
  return queryOptions({
    queryKey: [...keys.about(app), 'health', id],
    queryFn: async ({ signal }) => (await api().listHealthAttempts({ params: { id }, signal })).items,
  })
}

/** What is compared is settled; only what it is held against may change, with what serves. */
export function changesQuery(id: string) {
  return queryOptions({
    queryKey: [...keys.deployment(id), 'changes'],
    queryFn: ({ signal }) => api().readChanges({ params: { id }, signal }),
  })
}
