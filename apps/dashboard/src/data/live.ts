/** Keeps what is on screen true: two streams for the whole page, and no polling. */

import { ApiError, type AppJson, type EventMessage, type ListedDeploymentJson } from '@tagship/api'
import type { QueryClient } from '@tanstack/react-query'
import { patchHistory, renewHistory } from './history.ts'
import { glancesQuery } from './overview.ts'
import { keys } from './queries.ts'
import { api, forgetSession } from './session.ts'
import { createStore } from './store.ts'
import { pause, whileVisible } from './while-visible.ts'

export type Connection = 'connecting' | 'open' | 'broken'
export const connection = createStore<Connection>('connecting')

const againMs = 2_000
/** Events come in bursts: a deployment of a fast app has ten in a second. */
const calmMs = 150

/** Follows history and settings until the signal aborts, whatever happens to the connection or the controller. */
export async function followChanges(queryClient: QueryClient, signal: AbortSignal): Promise<void> {
  const renewed = renewer(queryClient)
  const followed = { queryClient, signal }
  await Promise.all([
    followStream({
      ...followed,
      open: (options) => api().follow.readEvents(options),
      take: (message) => {
        takeDeployment(queryClient, message)
        renewed(message.event.app)
      },
      tell: connection.set,
    }),
    // What no event tells of: an app that is new, its settings, its tags.
    followStream({
      ...followed,
      open: (options) => api().follow.listApps(options),
      take: ({ app }) => (app === null ? void queryClient.invalidateQueries() : renewed(app)),
      tell: () => {},
    }),
  ])
}

interface Followed<T> {
  readonly queryClient: QueryClient
  readonly signal: AbortSignal
  readonly open: (options: {
    readonly signal: AbortSignal
    readonly onConnection: (state: 'open' | 'broken') => void
  }) => Promise<AsyncIterable<T>>
  readonly take: (item: T) => void
  readonly tell: (state: 'open' | 'broken') => void
}

async function followStream<T>({ queryClient, signal, open, take, tell }: Followed<T>): Promise<void> {
  let before: Connection = 'connecting'
  const onConnection = (state: 'open' | 'broken') => {
    // What happened in between may have been missed.
    if (state === 'open' && before === 'broken') void queryClient.invalidateQueries()
    before = state
    tell(state)
  }
  await whileVisible(signal, async (visible) => {
    try {
      for await (const item of await open({ signal: visible, onConnection })) take(item)
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof ApiError && error.status === 401) forgetSession()
      else onConnection('broken')
    }
    await pause(againMs, visible)
  })
}

/** The event carries its deployment as it is now: no request is needed for that. */
function takeDeployment(queryClient: QueryClient, { deployment }: EventMessage): void {
  if (!deployment) return
  queryClient.setQueryData<ListedDeploymentJson>(
    keys.deployment(deployment.id),
    (known) => known && { ...known, ...deployment },
  )
  patchHistory(queryClient, deployment)
}

/** Of all apps at once: not for each event of a busy hour. */
const overviewCalmMs = 2_000

/** Asks again, once for all events that come close together. */
function renewer(queryClient: QueryClient): (app: string) => void {
  const renewOverview = calmly(overviewCalmMs, () => {
    void queryClient.invalidateQueries({ queryKey: glancesQuery.queryKey })
  })
  const renew = calmly(calmMs, (app: string) => void renewApp(queryClient, app))
  return (app) => {
    renewOverview('overview')
    renew(app)
  }
}

/** Runs `ms` after the first call, once for all calls with the same name until then. */
function calmly(ms: number, run: (name: string) => void): (name: string) => void {
  const waiting = new Set<string>()
  return (name) => {
    if (waiting.has(name)) return
    waiting.add(name)
    setTimeout(() => {
      waiting.delete(name)
      run(name)
    }, ms)
  }
}

async function renewApp(queryClient: QueryClient, name: string): Promise<void> {
  void queryClient.invalidateQueries({ queryKey: keys.about(name) })
  void renewHistory(queryClient, name).catch(() =>
    queryClient.invalidateQueries({ queryKey: keys.history(name) }),
  )
  const apps = queryClient.getQueryData<readonly AppJson[]>(keys.apps)
  if (!apps && !queryClient.getQueryData(keys.app(name))) return
  try {
    const app = await api().getApp({ params: { app: name } })
    queryClient.setQueryData(keys.app(name), app)
    queryClient.setQueryData<AppJson[]>(keys.apps, (known) => known && withApp(known, app))
  } catch {
    // It was removed, or cannot be reached: the whole list says which.
    void queryClient.invalidateQueries({ queryKey: keys.apps })
    void queryClient.invalidateQueries({ queryKey: keys.app(name) })
  }
}

function withApp(apps: readonly AppJson[], app: AppJson): AppJson[] {
  const others = apps.filter(({ name }) => name !== app.name)
  return [...others, app].sort((a, b) => (a.name < b.name ? -1 : 1))
}
