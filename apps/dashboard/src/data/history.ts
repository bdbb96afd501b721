/** The deployments of an app, as far down as somebody has scrolled, kept true without asking for all of them again. */
import type { DeploymentJson } from '@tagship/api'
import type { DeploymentState } from '@tagship/domain/machine'
import { infiniteQueryOptions, type QueryClient } from '@tanstack/react-query'
import { type History, type HistoryPage, withNewest } from './history-pages.ts'
import { keys } from './queries.ts'
import { api } from './session.ts'

export type Trigger = DeploymentJson['trigger']

export interface HistoryFilter {
  readonly states?: readonly DeploymentState[] | undefined
  readonly trigger?: Trigger | undefined
  /** Part of the tag's name. */
  readonly tag?: string | undefined
}

const pageSize = 100

export function historyQuery(app: string, filter: HistoryFilter) {
  return infiniteQueryOptions({
    queryKey: [...keys.history(app), filter],
    queryFn: ({ pageParam, signal }) => readPage(app, filter, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
  })
}

function readPage(app: string, filter: HistoryFilter, cursor?: string, signal?: AbortSignal) {
  const { states, trigger, tag } = filter
  return api().listDeployments({
    params: { app },
    query: {
      limit: pageSize,
      cursor,
      ...(states ? { state: [...states] } : {}),
      ...(trigger ? { trigger: [trigger] } : {}),
      ...(tag ? { tag } : {}),
    },
    ...(signal ? { signal } : {}),
  })
}

/** Puts what an event carries into every list that has the deployment. */
export function patchHistory(queryClient: QueryClient, deployment: DeploymentJson): void {
  queryClient.setQueriesData<History>({ queryKey: keys.history(deployment.app) }, (history) => {
    if (!history?.pages.some(({ items }) => items.some(({ id }) => id === deployment.id))) return history
    const items = (page: HistoryPage) =>
      page.items.map((row) => (row.id === deployment.id ? { ...row, ...deployment } : row))
    return { ...history, pages: history.pages.map((page) => ({ ...page, items: items(page) })) }
  })
}

/** Asks for the newest rows alone, and puts them on top of what is there; rows further down stay as they are. */
export async function renewHistory(queryClient: QueryClient, app: string): Promise<void> {
  const lists = queryClient.getQueryCache().findAll({ queryKey: keys.history(app), type: 'active' })
  await Promise.all(
    lists.map(async ({ queryKey }) => {
      const filter = queryKey[2] as HistoryFilter
      const newest = await readPage(app, filter)
      queryClient.setQueryData<History>(queryKey, (history) => history && withNewest(history, newest))
    }),
  )
}
