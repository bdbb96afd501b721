/** Which apps are not what they were, as it happens. */
import type { AppChangeJson } from '@tagship/api'
import type { StreamItem } from './server-sent-events.ts'
import type { HttpStore } from './store.ts'

/** So many changes that come in a row are told as one. */
const gatherMs = 100

/** Until `signal` aborts. A reader that comes back looks at everything again: there is nothing to resume. */
export async function* streamAppChanges(store: HttpStore, signal: AbortSignal): AsyncGenerator<StreamItem> {
  const changed = new Set<string>()
  let wake = () => {}
  const stop = store.onChange(({ kind, id }) => {
    if (kind !== 'app') return
    changed.add(id)
    wake()
  })
  const onAbort = () => wake()
  signal.addEventListener('abort', onAbort)
  try {
    while (!signal.aborted) {
      if (changed.size === 0) await new Promise<void>((resolve) => (wake = resolve))
      if (signal.aborted) return
      await new Promise((resolve) => setTimeout(resolve, gatherMs))
      const names = [...changed]
      changed.clear()
      for (const data of await visible(store, names)) yield { id: '0', data }
    }
  } finally {
    stop()
    signal.removeEventListener('abort', onAbort)
  }
}

/** An app that the reader may not see is none of their business; one that was removed has an event of its own. */
async function visible(store: HttpStore, names: readonly string[]): Promise<AppChangeJson[]> {
  if (names.includes('')) return [{ app: null }]
  const found = await Promise.all(names.map((name) => store.appByName(name)))
  return found.flatMap((app) => (app ? [{ app: app.name }] : []))
}
