/** Keeps what is on screen true: one stream of events for the whole page, and no polling. */

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

/** Follows until the signal aborts, whatever happens to the connection or the controller. */
export async function followEvents(queryClient: QueryClient, signal: AbortSignal): Promise<void> {
  const renewed = renewer(queryClient)
  let before: Connection = 'connecting'
  const onConnection = (state: 'open' | 'broken') => {
    // What happened in between may have been missed.
    if (state === 'open' && before === 'broken') void queryClient.invalidateQueries()
    before = state
    connection.set(state)
  }
  await whileVisible(signal, async (visible) => {
    try {
      for await (const message of await api().follow.readEvents({ signal: visible, onConnection })) {
        take(queryClient, message)
        renewed(message.event.app)
      }
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof ApiError && error.status === 401) forgetSession()
      else onConnection('broken')
    }
    await pause(againMs, visible)
  })
}

/** The event carries its deployment as it is now: no request is needed for that. */
function take(queryClient: QueryClient, { deployment }: EventMessage): void {
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
