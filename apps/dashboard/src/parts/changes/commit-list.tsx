import type { ChangesJson } from '@tagship/api'
import { Age, Sha } from '../values.tsx'
import styles from './changes.module.css'

/** Newest first; those beyond what is shown are counted. Nothing where there are none. */
export function CommitList({
  title,
  commits,
}: {
  readonly title: string
  readonly commits: ChangesJson['added']
}) {
  if (!commits || commits.total === 0) return null
  const rest = commits.total - commits.items.length
  return (
    <section className={styles.section}>
      <h3>{title}</h3>
      <ul className={styles.list}>
        {commits.items.map(({ sha, subject, author, committedAt }) => (
          <li key={sha}>
            <Sha commit={sha} />
            <span className={styles.what} title={`${subject}, by ${author}`}>
              {subject}
            </span>
            <Age at={committedAt} />
          </li>
        ))}
        {rest > 0 && <li className={styles.rest}>and {rest} more</li>}
      </ul>
    </section>
  )
}

export function countOf(commits: ChangesJson['added']): string {
  return commits?.total === 1 ? '1 commit' : `${commits?.total ?? 0} commits`
}
