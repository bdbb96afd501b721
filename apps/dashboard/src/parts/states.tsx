/** What a page shows where it has nothing to show: empty, loading, failed. */
import { ApiError, ControllerUnreachable } from '@tagship/api'
import CircleSlash from 'lucide-react/icons/circle-slash'
import CloudOff from 'lucide-react/icons/cloud-off'
import Lock from 'lucide-react/icons/lock'
import SearchX from 'lucide-react/icons/search-x'
import type { ReactNode } from 'react'
import { Button } from './button.tsx'
import { classNames } from './class-names.ts'
import styles from './states.module.css'

interface EmptyProps {
  readonly title: string
  /** What to do about it. */
  readonly children?: ReactNode
  readonly icon?: ReactNode
  readonly alert?: boolean
}

export function Empty({ title, children, icon, alert }: EmptyProps) {
  return (
    <div className={styles.empty} role={alert ? 'alert' : undefined}>
      {icon && <span className={styles.icon}>{icon}</span>}
      <p className={styles.title}>{title}</p>
      {children && <div className={styles.text}>{children}</div>}
    </div>
  )
}

interface FailedProps {
  readonly error: Error
  readonly again?: (() => void) | undefined
}

/** Says what went wrong and how to mend it, in the words of the error catalogue. */
export function Failed({ error, again }: FailedProps) {
  const { title, detail, mend, icon } = explain(error)
  return (
    <Empty title={title} icon={icon} alert>
      <p>{detail}</p>
      {mend && <p>{mend}</p>}
      {again && (
        <p>
          <Button onClick={again}>Try again</Button>
        </p>
      )}
    </Empty>
  )
}

function explain(error: Error) {
  if (error instanceof ControllerUnreachable)
    return {
      title: 'The controller does not answer',
      detail: 'Apps serve on without it. This page goes on by itself once it is back.',
      mend: 'On its machine: tagship doctor',
      icon: <CloudOff />,
    }
  if (!(error instanceof ApiError))
    return { title: 'This page has a fault', detail: error.message, mend: null, icon: <CircleSlash /> }
  const { detail, mend, status } = error
  if (status === 403) return { title: 'You may not see this', detail, mend, icon: <Lock /> }
  if (status === 404) return { title: 'There is no such thing', detail, mend, icon: <SearchX /> }
  return { title: 'That did not work', detail, mend, icon: <CircleSlash /> }
}

/** Grey lines in the shape of what comes; invisible for the first moment, since most answers need no more. */
export function Loading({ lines = 4, className }: { readonly lines?: number; readonly className?: string }) {
  return (
    <div className={classNames(styles.loading, className)} role="status">
      <span className="only-heard">Loading</span>
      {Array.from({ length: lines }, (_, index) => (
        <i key={index} className={styles.line} />
      ))}
    </div>
  )
}
