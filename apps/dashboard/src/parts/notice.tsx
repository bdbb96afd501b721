import type { ReactNode } from 'react'
import { classNames } from './class-names.ts'
import styles from './notice.module.css'

interface NoticeProps {
  readonly tone: 'wait' | 'bad' | 'neutral'
  readonly children: ReactNode
  /** What can be done about it. */
  readonly action?: ReactNode
}

/** One line above the content that somebody should know of. */
export function Notice({ tone, children, action }: NoticeProps) {
  return (
    <div className={classNames(styles.notice, styles[tone])} role={tone === 'bad' ? 'alert' : 'status'}>
      <div className={styles.text}>{children}</div>
      {action}
    </div>
  )
}
