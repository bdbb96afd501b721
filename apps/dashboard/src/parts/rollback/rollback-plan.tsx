import { formatMs } from '../../data/format.ts'
import { CommitList, countOf } from '../changes/commit-list.tsx'
import { NameList } from '../changes/name-list.tsx'
import { Sha, TagName } from '../values.tsx'
import type { Plan } from './plan.ts'
import styles from './rollback-dialog.module.css'

/** From which release to which, and how. */
export function RollbackPlan({ plan }: { readonly plan: Plan }) {
  const { from, to, kind, imagePresent, changes, expected, hold } = plan
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
        {imagePresent && expected && (
          <li>
            It takes about {formatMs(expected.ms)}, as{' '}
            {expected.samples === 1 ? 'the one' : `the ${expected.samples}`} {expected.from} before did.
          </li>
        )}
        <li>
          {hold ? 'The app stays on hold' : 'The app is on hold afterwards'}, so that no new tag undoes it.
        </li>
      </ul>
      {changes && (
        <>
          <CommitList title={`${countOf(changes.undone)} undone`} commits={changes.undone} />
          <CommitList title={`${countOf(changes.added)} brought back`} commits={changes.added} />
          <NameList title="Env" names={changes.env} />
          <NameList title="Secrets" names={changes.secrets} />
        </>
      )}
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
