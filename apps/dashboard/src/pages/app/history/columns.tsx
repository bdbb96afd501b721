import type { ListedDeploymentJson } from '@tagship/api'
import type { ReactNode } from 'react'
import { formatMs } from '../../../data/format.ts'
import { LiveBadge, StateBadge } from '../../../parts/badge.tsx'
import { Age, Bytes, Nothing, Sha } from '../../../parts/values.tsx'
import styles from './columns.module.css'

interface Column {
  /** Also of its class in history-table.module.css, which says how wide it is and when it goes. */
  readonly name: string
  readonly label: string
  readonly figure?: boolean
  readonly show: (row: ListedDeploymentJson) => ReactNode
}

const duration = (name: keyof ListedDeploymentJson['durations'], label: string): Column => ({
  name,
  label,
  figure: true,
  show: ({ durations }) => {
    const ms = durations[name]
    return ms === null ? <Nothing /> : formatMs(ms)
  },
})

/** The release is not among them: it is the row's link. */
export const columns: readonly Column[] = [
  {
    name: 'release',
    label: 'Release',
    show: ({ release, serving, slot }) => (
      <span className={styles.release}>
        {slot && <i className={slot === 'blue' ? styles.blue : styles.green} title={slot} />}
        {release}
        {serving && <LiveBadge slot={slot} />}
      </span>
    ),
  },
  {
    name: 'what',
    label: 'Tag and commit',
    show: ({ tag, commit, subject, author }) => (
      <span className={styles.what} title={[tag, commit, subject, author].filter(Boolean).join('\n')}>
        {tag && <span className={styles.tag}>{tag}</span>}
        <Sha commit={commit} />
        <span className={styles.subject}>{subject}</span>
      </span>
    ),
  },
  {
    name: 'state',
    label: 'State',
    show: ({ state, failure }) => (
      <span title={failure ? `${failure.code}: ${failure.message}` : undefined}>
        <StateBadge state={state} />
      </span>
    ),
  },
  {
    name: 'by',
    label: 'By',
    show: ({ trigger, actor, reason }) => (
      <span className={styles.by} title={reason ?? undefined}>
        {trigger} <span className={styles.actor}>{actor}</span>
      </span>
    ),
  },
  duration('queue', 'Queue'),
  duration('build', 'Build'),
  duration('boot', 'Boot'),
  duration('verify', 'Verify'),
  duration('switch', 'Switch'),
  duration('drain', 'Drain'),
  { name: 'image', label: 'Image', figure: true, show: ({ imageBytes }) => <Bytes bytes={imageBytes} /> },
  { name: 'age', label: 'Age', figure: true, show: ({ createdAt }) => <Age at={createdAt} /> },
]
