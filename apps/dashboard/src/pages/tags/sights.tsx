import type { ExplainedTagJson } from '@tagship/api'
import { formatMoment } from '../../data/format.ts'
import { Sha } from '../../parts/values.tsx'
import styles from './sights.module.css'

type Sight = ExplainedTagJson['observations'][number]

const words = {
  seen: 'seen',
  moved: 'moved to another commit',
  retagged: 'made anew on the same commit',
  deleted: 'deleted',
  recreated: 'made again',
  read: 'read in full',
} as const satisfies Record<Sight['kind'], string>

/** Every sight of the tag that was news, the oldest first. */
export function Sights({ sights }: { readonly sights: readonly Sight[] }) {
  if (sights.length === 0) return <p>It was seen before sights were kept.</p>
  return (
    <ol className={styles.sights}>
      {sights.map(({ kind, commit, seenAt }) => (
        <li key={`${seenAt} ${kind} ${commit}`}>
          <time dateTime={seenAt}>{formatMoment(new Date(seenAt))}</time>
          <span>{words[kind]}</span>
          <Sha commit={commit} />
        </li>
      ))}
    </ol>
  )
}
