/** Rates as people say them. Pure. */

/** `3.2 a day`, `2 a week`, `0.5 a month`. */
export function formatFrequency(perDay: number): string {
  if (perDay >= 1) return `${short(perDay)} a day`
  if (perDay * 7 >= 1) return `${short(perDay * 7)} a week`
  return `${short(perDay * 30)} a month`
}

/** `12%`; `99.7%` near the edges, where a rounded figure would say all or nothing. */
export function formatShare(share: number): string {
  const percent = share * 100
  const atEdge = (percent > 0 && percent < 1) || (percent > 99 && percent < 100)
  return `${atEdge ? percent.toFixed(1) : Math.round(percent)}%`
}

function short(amount: number): string {
  return amount < 9.95 ? String(Math.round(amount * 10) / 10) : String(Math.round(amount))
}
