/** Calls through at most once in `ms`; a store that is away would otherwise fill the log. */
export function throttle<T>(report: (value: T) => void, ms = 10_000): (value: T) => void {
  let silentUntil = 0
  return (value) => {
    const now = Date.now()
    if (now < silentUntil) return
    silentUntil = now + ms
    report(value)
  }
}
