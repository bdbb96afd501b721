/** The world outside of an API under test: what a test says that it is. */
import type { SlotSample } from '@tagship/engine'
import type { Logger } from '@tagship/kit'
import type { Store } from '@tagship/store'
import type { Insight } from '../src/http/insight.ts'
import { watchTraffic } from '../src/traffic/watch.ts'

/** Where nothing answers, but for what `world` says. The router has the samples that it is given. */
export function playInsight(
  store: Store,
  log: Logger,
  world: Partial<Insight> & { readonly samples?: () => SlotSample[] },
): Insight & AsyncDisposable {
  const { samples = () => [], ...rest } = world
  const router = { sample: async () => samples() }
  const traffic = watchTraffic({ places: { docker: { router }, kubernetes: { router } }, store, log })
  return {
    images: async () => null,
    image: async () => null,
    instances: async () => null,
    compareCommits: async () => null,
    traffic,
    system: () => Promise.reject(new Error('there is no system in this test')),
    doctor: async () => [],
    ...rest,
    [Symbol.asyncDispose]: () => traffic[Symbol.asyncDispose](),
  }
}
