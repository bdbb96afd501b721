/** What stands after the `?` of an address may have been written by anybody. Pure. */

export function textOr(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}

export function oneOf<const T>(known: readonly T[], value: unknown): T | undefined {
  return known.find((one) => one === value)
}

/** `2026-11-24`. */
export function dayOr(value: unknown): string | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(value)) return undefined
  return Number.isNaN(Date.parse(value)) ? undefined : value
}
