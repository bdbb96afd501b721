import type { AppCardJson } from '@tagship/api'
import { type Glance, totalOf } from '../../data/overview.ts'
import { Sparkline } from '../../parts/sparkline.tsx'
import styles from './app-glance.module.css'

const words = {
  healthy: 'healthy',
  degraded: 'not all instances answer',
  down: 'no instance answers',
  // The card says so already.
  empty: '',
  unknown: 'health unknown',
} as const satisfies Record<AppCardJson['health'], string>

const shownAlerts = 2

/** How it is, what its users asked of it in the last hour, and what somebody should look at. */
export function AppGlance({ glance: { health, traffic, alerts } }: { readonly glance: Glance }) {
  return (
    <>
      {traffic && <Sparkline traffic={traffic} />}
      <p className={styles.line}>
        <span className={health === 'down' || health === 'degraded' ? styles.bad : undefined}>
          {words[health]}
        </span>
        {traffic && <Counts {...totalOf(traffic)} />}
      </p>
      {alerts.length > 0 && (
        <ul className={styles.alerts} aria-label="Alerts">
          {alerts.slice(0, shownAlerts).map(({ kind, message }) => (
            <li key={`${kind} ${message}`} title={message}>
              {message}
            </li>
          ))}
          {alerts.length > shownAlerts && <li>and {alerts.length - shownAlerts} more</li>}
        </ul>
      )}
    </>
  )
}

function Counts({ requests, errors }: { readonly requests: number; readonly errors: number }) {
  return (
    <span>
      {requests.toLocaleString()} requests
      {errors > 0 && <span className={styles.bad}>, {errors.toLocaleString()} errors</span>}
    </span>
  )
}
