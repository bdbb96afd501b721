/** Durations and sizes as people write them (`500ms|30s|5m|1h`, `512m|2g`), in milliseconds and bytes. */

const durationUnits = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const
const sizeUnits = { b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 } as const

/** Milliseconds, or null when the text is not a duration. */
export function parseDuration(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text)
  if (!match?.[1] || !match[2]) return null
  return Math.round(Number(match[1]) * durationUnits[match[2] as keyof typeof durationUnits])
}

/** Bytes, or null when the text is not a size. */
export function parseSize(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)([bkmg])$/i.exec(text)
  if (!match?.[1] || !match[2]) return null
  return Math.round(Number(match[1]) * sizeUnits[match[2].toLowerCase() as keyof typeof sizeUnits])
}

/** `840ms`, `2.4s`, `3m 05s`, `2h 10m`: as short as is still exact enough for a person. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)}s`
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 60) return `${minutes}m ${String(Math.floor((ms % 60_000) / 1_000)).padStart(2, '0')}s`
  return `${Math.floor(minutes / 60)}h ${String(minutes % 60).padStart(2, '0')}m`
}

/** `512 B`, `38.2 MB`: decimal units, as engines and registries print them. */
export function formatSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}
