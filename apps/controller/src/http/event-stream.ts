/** The history as it is written, with each event's deployment. */
import type { EventMessage } from '@tagship/api'
import type { EventRecord } from '@tagship/store'
import { watchChanges } from './changes.ts'
import { presentDeployment, presentEvent } from './present.ts'
import type { StreamItem } from './server-sent-events.ts'
import type { HttpStore } from './store.ts'

export interface EventFilter {
  readonly appId?: string
  readonly deploymentId?: string
}

/**
 * Ids are given out before their transaction commits, so that a lower one can turn up after a higher one:
 * every look goes back this far.
 */
const overlap = 100n
const batch = 200

/** Every event after the one of id `after`, then each new one, until `signal` aborts. */
export async function* streamEvents(
  store: HttpStore,
  filter: EventFilter,
  after: bigint,
  signal: AbortSignal,
): AsyncGenerator<StreamItem> {
  using changes = watchChanges(store, ['event', 'deployment'], signal)
  let highest = after
  let sent = new Set<bigint>()
  while (!signal.aborted) {
    const from = highest - overlap > after ? highest - overlap : after
    const found = await store.listEvents({ ...filter, after: from, limit: batch + Number(overlap) })
    const fresh = found.filter(({ id }) => !sent.has(id))
    for (const message of await withDeployments(store, fresh)) {
      yield { id: message.event.id, data: message }
    }
    for (const { id } of fresh) {
      sent.add(id)
      if (id > highest) highest = id
    }
    sent = new Set([...sent].filter((id) => id > highest - overlap))
    if (fresh.length === 0) await changes.next()
  }
}

async function withDeployments(store: HttpStore, events: readonly EventRecord[]): Promise<EventMessage[]> {
  const ids = [...new Set(events.flatMap(({ deployment }) => deployment ?? []))]
  const deployments = await Promise.all(ids.map((id) => store.deploymentById(id)))
  return events.map((event) => {
    const deployment = deployments.find((candidate) => candidate?.id === event.deployment)
    return { event: presentEvent(event), deployment: deployment ? presentDeployment(deployment) : null }
  })
}
