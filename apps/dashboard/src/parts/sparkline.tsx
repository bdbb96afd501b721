import type { LastHourJson } from '@tagship/api'
import { totalOf } from '../data/overview.ts'
import styles from './sparkline.module.css'

const height = 20

/** Requests of the last hour, a bar a minute, and which of them were answered with an error. */
export function Sparkline({ traffic }: { readonly traffic: LastHourJson }) {
  const { requests, errors } = traffic
  const most = Math.max(1, ...requests)
  const total = totalOf(traffic)
  const words = `${total.requests.toLocaleString()} requests in the last hour, ${total.errors.toLocaleString()} errors`
  return (
    <svg
      viewBox={`0 0 ${requests.length} ${height}`}
      preserveAspectRatio="none"
      className={styles.chart}
      role="img"
      aria-label={words}
    >
      <title>{words}</title>
      <path d={bars(requests, most)} className={styles.requests} />
      <path d={bars(errors, most)} className={styles.errors} />
    </svg>
  )
}

/** From the ground; a minute with anything in it is seen. */
function bars(values: readonly number[], most: number): string {
  return values
    .map((value, minute) => {
      if (value === 0) return ''
      const top = height - Math.max(1, (value / most) * height)
      return `M${minute} ${height}V${top}h0.8V${height}z`
    })
    .join('')
}
