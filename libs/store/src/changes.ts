/** What Postgres tells as it happens, over one connection of its own. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '@tagship/engine'
import type pg from 'pg'
import { type Database, endConnection } from './database.ts'

export interface Change {
  readonly kind: 'deployment' | 'event' | 'log' | 'outbox' | 'app'
  /**
   * Id of the deployment, of the event, of the deployment whose log grew; name of the app. Empty for the outbox, and where
   * changes may have been missed: look again.
   */
  readonly id: string
}

export interface Changes {
  /** Calls the listener for every change from now on; @returns what ends that */
  onChange(listener: (change: Change) => void): () => void
  waitForChange(deploymentId: string, ms: number, signal?: AbortSignal): Promise<void>
  /** Resolves once changes are heard. */
  listening(): Promise<void>
  close(): Promise<void>
}

const channels = {
  tagship_deployment: 'deployment',
  tagship_event: 'event',
  tagship_log: 'log',
  tagship_outbox: 'outbox',
  tagship_app: 'app',
} as const satisfies Record<string, Change['kind']>

const reconnectMs = 500
/** Asked this often, so that a connection that has gone silent is noticed: nobody tells a listener. */
const heartbeatMs = 5_000
/** How long a waiter is kept while nothing can be heard. */
const deafMs = 500
/** Changes that nobody waited for, kept for who starts to wait a moment later. */
const unheardChanges = 1_000

export function listenForChanges(database: Database, log: Log): Changes {
  const listeners = new Set<(change: Change) => void>()
  const unheard = new Set<string>()
  const ending = new AbortController()
  let client: pg.Client | null = null
  let hearing = Promise.withResolvers<void>()
  let deaf = false

  const tell = (change: Change) => {
    if (change.kind === 'deployment' && change.id) keep(unheard, change.id)
    for (const listener of listeners) listener(change)
  }

  const running = (async () => {
    while (!ending.signal.aborted) {
      try {
        client = await database.connect()
        await listen(client, tell, ending.signal, () => {
          deaf = false
          hearing.resolve()
        })
      } catch (error) {
        if (!ending.signal.aborted && !deaf) {
          log.warn({ err: error }, 'changes are not heard; connecting again until they are')
        }
        deaf = true
      }
      if (client) await endConnection(client)
      client = null
      hearing = Promise.withResolvers<void>()
      await sleep(reconnectMs, undefined, { signal: ending.signal }).catch(() => {})
    }
  })()

  return {
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    listening: () => hearing.promise,
    async waitForChange(deploymentId, ms, signal) {
      if (signal?.aborted || unheard.delete(deploymentId)) return
      const limit = client ? ms : Math.min(ms, deafMs)
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer)
          listeners.delete(listener)
          signal?.removeEventListener('abort', done)
          ending.signal.removeEventListener('abort', done)
          resolve()
        }
        const listener = ({ kind, id }: Change) => {
          if (kind !== 'deployment' || (id && id !== deploymentId)) return
          unheard.delete(deploymentId)
          done()
        }
        const timer = setTimeout(done, limit)
        listeners.add(listener)
        signal?.addEventListener('abort', done, { once: true })
        ending.signal.addEventListener('abort', done, { once: true })
      })
    },
    async close() {
      ending.abort()
      if (client) await endConnection(client)
      await running
    },
  }
}

/** Resolves when the connection ends. */
async function listen(
  client: pg.Client,
  tell: (change: Change) => void,
  ending: AbortSignal,
  onReady: () => void,
): Promise<void> {
  const ended = Promise.withResolvers<void>()
  ended.promise.catch(() => {}) // also told by the statement that it interrupts
  client.on('error', (error) => ended.reject(error))
  client.on('end', () => ended.resolve())
  const onEnding = () => ended.resolve()
  ending.addEventListener('abort', onEnding)
  client.on('notification', ({ channel, payload }) => {
    if (channel in channels) tell({ kind: channels[channel as keyof typeof channels], id: payload ?? '' })
  })
  await client.query(
    Object.keys(channels)
      .map((channel) => `LISTEN ${channel}`)
      .join('; '),
  )
  for (const kind of Object.values(channels)) tell({ kind, id: '' })
  onReady()
  const heartbeat = setInterval(() => {
    client.query('SELECT 1').catch((error) => ended.reject(error))
  }, heartbeatMs)
  try {
    if (!ending.aborted) await ended.promise
  } finally {
    clearInterval(heartbeat)
    ending.removeEventListener('abort', onEnding)
  }
}

function keep(ids: Set<string>, id: string): void {
  ids.delete(id)
  ids.add(id)
  const [oldest] = ids
  if (ids.size > unheardChanges && oldest !== undefined) ids.delete(oldest)
}
