import type { ChangesJson } from '@tagship/api'
import styles from './changes.module.css'

type Names = NonNullable<ChangesJson['env']>

/** Names that came, went, or have another value; never values. Nothing where there are none. */
export function NameList({ title, names }: { readonly title: string; readonly names: Names | null }) {
  if (!names || !hasNames(names)) return null
  return (
    <section className={styles.section}>
      <h3>{title}</h3>
      <ul className={styles.names}>
        {names.added.map((name) => (
          <li key={name} className={styles.added}>
            + {name}
          </li>
        ))}
        {names.removed.map((name) => (
          <li key={name} className={styles.removed}>
            − {name}
          </li>
        ))}
        {names.changed.map((name) => (
          <li key={name}>{name} has another value</li>
        ))}
      </ul>
    </section>
  )
}

export function hasNames({ added, removed, changed }: Names): boolean {
  return added.length + removed.length + changed.length > 0
}
