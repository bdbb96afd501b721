import CircleCheck from 'lucide-react/icons/circle-check'
import CircleX from 'lucide-react/icons/circle-x'
import type { ReactNode } from 'react'
import { classNames } from '../../parts/class-names.ts'
import styles from './checks.module.css'

interface Check {
  readonly name: string
  readonly ok: boolean
  readonly says: ReactNode
}

/** What was looked at, and whether it is well. */
export function Checks({ checks }: { readonly checks: readonly Check[] }) {
  return (
    <ul className={styles.checks}>
      {checks.map(({ name, ok, says }) => (
        <li key={name} className={classNames(!ok && styles.bad)}>
          {ok ? <CircleCheck aria-label="well" /> : <CircleX aria-label="not well" />}
          <b>{name}</b>
          <div className={styles.says}>{says}</div>
        </li>
      ))}
    </ul>
  )
}
