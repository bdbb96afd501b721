/** How long ago: `now`, `12s ago`, `3m ago`, `2h ago`, `5d ago`. */
export function ago(time: string | null, now: number = Date.now()): string {
  if (time === null) return '–'
  const seconds = Math.floor((now - Date.parse(time)) / 1000)
  if (seconds < 1) return 'now'
  if (seconds < 60) return `${seconds}s ago`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m ago`
  if (seconds < 48 * 3_600) return `${Math.floor(seconds / 3_600)}h ago`
  return `${Math.floor(seconds / 86_400)}d ago`
}

/** Milliseconds from one moment to another, or until now. */
export function elapsed(from: string, to: string | null, now: number = Date.now()): number {
  return Math.max(0, (to === null ? now : Date.parse(to)) - Date.parse(from))
}
