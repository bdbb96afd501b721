import { Sha, TagName } from '../values.tsx'
import type { Plan } from './plan.ts'
import styles from './rollback-dialog.module.css'

/** From which release to which, and how. */
export function RollbackPlan({ plan }: { readonly plan: Plan }) {
  const { from, to, kind, imagePresent } = plan
  return (
    <>
      <div className={styles.way}>
        {from ? <ReleaseBox label="serves now" release={from} /> : <span>nothing serves</span>}
        <span className={styles.arrow} aria-hidden="true">
          →
        </span>
        <ReleaseBox label="comes back" release={to} />
      </div>
      <ul className={styles.facts}>
        {!imagePresent && (
          <li className={styles.bad}>Its image is not on this machine any more: it cannot come back.</li>
        )}
        {imagePresent && kind === 'revert' && <li>Its slot is still warm: only the route moves back.</li>}
        {imagePresent && kind === 'redeploy' && (
          <li>Its image is there and boots again; nothing is built.</li>
        )}
        <li>The app is on hold afterwards, so that no new tag undoes it.</li>
      </ul>
    </>
  )
}

function ReleaseBox({ label, release }: { readonly label: string; readonly release: Plan['to'] }) {
  return (
    <div className={styles.release}>
      <span className={styles.label}>{label}</span>
      <b>{release.name}</b>
      <span>
        <TagName tag={release.tag} commit={release.commit} /> {release.tag && <Sha commit={release.commit} />}
      </span>
    </div>
  )
}
