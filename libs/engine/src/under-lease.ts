import { TagshipError } from '@tagship/domain'
import type { Lease } from './lease.ts'
import type { Ports } from './ports.ts'

/**
 * The world as a step may change it: once the lease is lost nothing is begun any more. A process that stood still
 * for longer than its lease goes on in the middle of a step, before any timer tells it; so each act asks first.
 */
export function underLease(ports: Ports, lease: Pick<Lease, 'lost'>): Ports {
  const held =
    <A extends unknown[], T>(act: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      if (lease.lost()) throw new TagshipError('deployment.canceled', 'another worker has it now')
      return act(...args)
    }
  const { runtime, router, store, builder } = ports
  return {
    ...ports,
    runtime: {
      ...runtime,
      start: held(runtime.start),
      remove: held(runtime.remove),
      runOnce: held(runtime.runOnce),
      removeOneOff: held(runtime.removeOneOff),
    },
    router: {
      ...router,
      fillSlot: held(router.fillSlot),
      emptySlot: held(router.emptySlot),
      switchTo: held(router.switchTo),
    },
    store: {
      ...store,
      recordInstances: held(store.recordInstances),
      markInstancesRemoved: held(store.markInstancesRemoved),
      vacateSlot: held(store.vacateSlot),
      appendLog: held(store.appendLog),
    },
    builder: { ...builder, build: held(builder.build) },
  }
}
