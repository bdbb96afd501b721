/** Figures as people read them. Pure. */

/** `340 ms`, `4.2 s`, `3 m 12 s`, `2 h 5 m`. */
export function formatMs(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 59_950) return `${(ms / 1_000).toFixed(ms < 9_950 ? 1 : 0)} s`
  const seconds = Math.round(ms / 1_000)
  if (seconds < 3_600) return twoUnits(seconds, 60, 'm', 's')
  const minutes = Math.round(seconds / 60)
  if (minutes < 24 * 60) return twoUnits(minutes, 60, 'h', 'm')
  return twoUnits(Math.round(minutes / 60), 24, 'd', 'h')
}

function twoUnits(amount: number, size: number, large: string, small: string): string {
  const rest = amount % size
  return `${Math.floor(amount / size)} ${large}${rest > 0 ? ` ${rest} ${small}` : ''}`
}

const ages = [
  [60_000, 1_000, 's'],
  [3_600_000, 60_000, 'm'],
  [86_400_000, 3_600_000, 'h'],
  [30 * 86_400_000, 86_400_000, 'd'],
] as const

/** `now`, `12s`, `5m`, `3h`, `12d`, then the day: one figure, since a list is scanned. */
export function formatAge(at: Date, now: number): string {
  const ms = now - at.getTime()
  if (ms < 1_500) return 'now'
  for (const [limit, unit, name] of ages) {
    if (ms < limit) return `${Math.floor(ms / unit)}${name}`
  }
  return formatDay(at)
}

const day = new Intl.DateTimeFormat(undefined, { year: 'numeric', month: 'short', day: 'numeric' })
const moment = new Intl.DateTimeFormat(undefined, {
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  timeZoneName: 'short',
})
const clock = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})

export function formatDay(at: Date): string {
  return day.format(at)
}

/** In full, in the reader's time zone, which it names. */
export function formatMoment(at: Date): string {
  return moment.format(at)
}

export function formatClock(at: Date): string {
  return clock.format(at)
}

/** `812 B`, `3.4 kB`, `104 MB`: decimal, like Docker. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let amount = bytes
  let unit = 0
  while (amount >= 999.5 && unit < units.length - 1) {
    amount /= 1_000
    unit += 1
  }
  return `${amount < 9.95 && unit > 0 ? amount.toFixed(1) : Math.round(amount)} ${units[unit]}`
}

export function shortSha(commit: string): string {
  return commit.slice(0, 7)
}

/** Of things in a second: `0`, `0.4`, `12`, `1.3k`. */
export function formatRate(perSecond: number): string {
  if (perSecond >= 1_000) return `${(perSecond / 1_000).toFixed(1)}k`
  if (perSecond >= 10 || perSecond === 0) return perSecond.toFixed(0)
  return perSecond.toFixed(1)
}
