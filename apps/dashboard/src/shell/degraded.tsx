import { missing } from '../data/readiness.ts'
import { useStore } from '../data/store.ts'
import { Notice } from '../parts/notice.tsx'
import styles from './degraded.module.css'

const meanings: Readonly<Record<string, string>> = {
  postgres: 'Postgres does not answer. Nothing new can be asked for, and what you see may be old.',
  queue: 'The queue does not answer. What is asked for now waits until it is back.',
  router: 'The router does not answer. It is started again.',
  docker: 'The Docker Engine does not answer. Nothing is built or started until it is back.',
}

/** Said on every page, for as long as a part of the control plane is away. */
export function Degraded() {
  const parts = useStore(missing)
  if (parts.length === 0) return null
  return (
    <div className={styles.degraded}>
      {parts.map(({ name, detail }) => (
        <Notice key={name} tone="bad">
          {meanings[name] ?? `${name}: ${detail}`} {name !== 'router' && 'Apps serve on.'}
        </Notice>
      ))}
    </div>
  )
}
