/** Looks at what is counted, on the machine and on clusters: every few seconds while somebody watches, seldom while nobody does. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type RuntimeName, runtimeNames, toTagshipError } from '@tagship/domain'
import type { Router } from '@tagship/engine'
import { type Logger, throttle } from '@tagship/kit'
import type { Store } from '@tagship/store'
import { createMinutes, type LastHour, minuteMs } from './minutes.ts'
import { type Before, compareLooks, type TrafficLook } from './rates.ts'

const watchedMs = 2_000
const unwatchedMs = 10_000
/** Looks that a watcher that comes back may have missed. */
const keptLooks = 60

/** Ended by disposing of it: what is counted of the minute is written down. */
export interface TrafficWatch extends AsyncDisposable {
  /** Null before the first look, and while the router does not answer. */
  latest(): TrafficLook | null
  /** Those that came after the moment, as far as they are kept. */
  after(moment: Date): TrafficLook[]
  /** Calls the listener after each look, and looks more often meanwhile; @returns what ends that */
  onLook(listener: () => void): () => void
  lastHour(appId: string): LastHour | null
}

interface Sources {
  readonly places: Readonly<Record<RuntimeName, { readonly router: Pick<Router, 'sample'> }>>
  readonly store: Pick<Store, 'allApps' | 'recordTraffic' | 'trafficSince'>
  readonly log: Logger
}

export function watchTraffic({ places, store, log }: Sources): TrafficWatch {
  const minutes = createMinutes()
  const listeners = new Set<() => void>()
  const looks: TrafficLook[] = []
  const stopping = new AbortController()
  let latest: TrafficLook | null = null
  let before: Before | null = null
  let wake = new AbortController()
  const warn = throttle((err: unknown) => log.warn({ err }, 'the traffic could not be read'), minuteMs)

  async function look(): Promise<void> {
    const apps = await store.allApps()
    const samples = await Promise.all(
      runtimeNames.map((name) => {
        const seats = apps.filter(({ runtime }) => runtime === name).map(({ seat }) => seat)
        return seats.length > 0 ? places[name].router.sample(seats) : []
      }),
    )
    const compared = compareLooks(new Date(), apps, samples.flat(), before)
    before = compared.before
    latest = compared.look
    looks.push(latest)
    looks.splice(0, looks.length - keptLooks)
    const counts = latest.apps.flatMap(({ slots }) => slots)
    await store.recordTraffic(minutes.add(latest.at, counts))
  }

  const running = (async () => {
    let remembered = false
    while (!stopping.signal.aborted) {
      wake = new AbortController()
      try {
        if (!remembered) minutes.remember(await store.trafficSince(new Date(Date.now() - 60 * minuteMs)))
        remembered = true
        await look()
      } catch (error) {
        latest = null
        warn(toTagshipError(error))
      }
      for (const listener of listeners) listener()
      const signal = AbortSignal.any([stopping.signal, wake.signal])
      await sleep(listeners.size > 0 ? watchedMs : unwatchedMs, undefined, { signal }).catch(() => {})
    }
  })()

  return {
    latest: () => latest,
    after: (moment) => looks.filter(({ at }) => at > moment),
    onLook(listener) {
      listeners.add(listener)
      // Whoever comes first does not wait until the pause of nobody's is over.
      if (listeners.size === 1) wake.abort()
      return () => listeners.delete(listener)
    },
    lastHour: (appId) => minutes.lastHour(appId, new Date()),
    async [Symbol.asyncDispose]() {
      stopping.abort()
      await running
      await store.recordTraffic(minutes.underWay()).catch(warn)
    },
  }
}
