import type { ListedDeploymentJson } from '@tagship/api'
import { isServing } from '@tagship/domain/machine'
import { useNow } from '../../data/clock.ts'
import { formatMs } from '../../data/format.ts'
import { isUnderWay, stateMeaning, stateName, toneOf } from '../../data/states.ts'
import { classNames } from '../../parts/class-names.ts'
import { Panel } from '../../parts/panel.tsx'
import { type Bar, ganttOf } from './gantt.ts'
import styles from './phases.module.css'

/** Every phase as a bar over one scale of time: where the time went. */
export function Phases({ deployment }: { readonly deployment: ListedDeploymentJson }) {
  const now = useNow()
  const { bars, ms } = ganttOf(deployment, now)
  const { servingAt, createdAt, slot } = deployment
  const serving = servingAt ? (Date.parse(servingAt) - Date.parse(createdAt)) / ms : null
  return (
    <Panel
      title="Phases"
      aside={
        <span>
          {isUnderWay(deployment) ? 'under way for' : 'in all'} {formatMs(ms)}
        </span>
      }
    >
      <ol className={classNames(styles.gantt, slot && styles[slot])}>
        {bars.map((bar) => (
          <li key={bar.name} className={styles.row}>
            <span className={styles.name} title={stateMeaning(bar.name)}>
              {stateName(bar.name)}
            </span>
            <span className={styles.track}>
              <PhaseBar bar={bar} />
              {serving !== null && (
                <i
                  className={styles.serves}
                  style={{ left: `${serving * 100}%` }}
                  title="users reach it from here"
                />
              )}
            </span>
            <span className={styles.ms}>{formatMs(bar.ms)}</span>
          </li>
        ))}
      </ol>
    </Panel>
  )
}

function PhaseBar({ bar: { name, left, width, running } }: { readonly bar: Bar }) {
  return (
    <i
      className={classNames(
        styles.bar,
        isServing(name) && styles.serving,
        toneOf(name) === 'bad' && styles.bad,
        toneOf(name) === 'wait' && styles.wait,
        name === 'queued' && styles.queued,
        running && styles.running,
      )}
      style={{ left: `${left * 100}%`, width: `${width * 100}%` }}
    />
  )
}
