import type { Change } from '@tagship/store'
import type { HttpStore } from './store.ts'

/** A notification may be lost together with its connection: look again after so long at the latest. */
const lookAgainMs = 5_000

export interface Changes extends Disposable {
  /** Resolves once something has changed since the last call, when it is time to look again, or on abort. */
  next(): Promise<void>
}

/** Watches the store for changes of a kind; changes that come in between two calls are not missed. */
export function watchChanges(
  store: HttpStore,
  kinds: readonly Change['kind'][],
  signal: AbortSignal,
): Changes {
  let changed = false
  let wake = () => {}
  const notice = () => {
    changed = true
    wake()
  }
  const stop = store.onChange(({ kind }) => {
    if (kinds.includes(kind)) notice()
  })
  signal.addEventListener('abort', notice)

  return {
    async next() {
      if (!changed) {
        let timer: ReturnType<typeof setTimeout> | undefined
        await new Promise<void>((resolve) => {
          wake = resolve
          timer = setTimeout(resolve, lookAgainMs)
        })
        clearTimeout(timer)
      }
      changed = signal.aborted
    },
    [Symbol.dispose]() {
      stop()
      signal.removeEventListener('abort', notice)
    },
  }
}
