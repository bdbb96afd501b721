/** Streams of pages that nobody looks at are closed: a browser has six connections to an address, for all of its tabs. */

/** A glance at another tab costs nothing. */
const patienceMs = 30_000

/** Runs `work` again and again while somebody can see the page; its signal aborts a while after nobody can, and with `signal`. */
export async function whileVisible(
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    await untilVisible(signal)
    if (signal.aborted) return
    const hidden = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const look = () => {
      clearTimeout(timer)
      if (document.hidden) timer = setTimeout(() => hidden.abort(), patienceMs)
    }
    document.addEventListener('visibilitychange', look)
    try {
      await work(AbortSignal.any([signal, hidden.signal]))
    } finally {
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', look)
    }
  }
}

/** Shorter where the signal aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
  })
}

function untilVisible(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden && !signal.aborted) return
      document.removeEventListener('visibilitychange', look)
      signal.removeEventListener('abort', look)
      resolve()
    }
    document.addEventListener('visibilitychange', look)
    signal.addEventListener('abort', look)
    look()
  })
}
