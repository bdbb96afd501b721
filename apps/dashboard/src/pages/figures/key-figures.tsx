import type { FiguresJson } from '@tagship/api'
import { formatMs } from '../../data/format.ts'
import styles from './key-figures.module.css'
import { formatFrequency, formatShare } from './numbers.ts'

/** The DORA four, and the share of attempts that came to serve. */
export function KeyFigures({ figures }: { readonly figures: FiguresJson }) {
  const { deploymentFrequency, leadTime, changeFailureRate, timeToRestore, successRate } = figures
  return (
    <dl className={styles.figures}>
      <KeyFigure
        name="Deployment frequency"
        value={formatFrequency(deploymentFrequency.perDay)}
        of={count(deploymentFrequency.samples, 'change')}
        means="Changes that came to serve"
      />
      <KeyFigure
        name="Lead time"
        value={leadTime.p50 === null ? null : formatMs(leadTime.p50)}
        of={leadTime.p95 === null ? 'no change in this time' : `p95 ${formatMs(leadTime.p95)}`}
        means="From the commit until it first served; the middle one"
      />
      <KeyFigure
        name="Change failure rate"
        value={changeFailureRate.rate === null ? null : formatShare(changeFailureRate.rate)}
        of={`${changeFailureRate.failures} of ${count(changeFailureRate.samples, 'change')}`}
        means="Changes that served and had to be taken back"
      />
      <KeyFigure
        name="Time to restore"
        value={timeToRestore.p50 === null ? null : formatMs(timeToRestore.p50)}
        of={timeToRestore.p95 === null ? 'nothing to restore' : `p95 ${formatMs(timeToRestore.p95)}`}
        means="From when a bad change began to serve until what was before it served again; the middle one"
      />
      <KeyFigure
        name="Success rate"
        value={successRate.rate === null ? null : formatShare(successRate.rate)}
        of={`of ${count(successRate.samples, 'attempt')}`}
        means="Attempts that came to serve and stayed"
      />
    </dl>
  )
}

interface KeyFigureProps {
  readonly name: string
  readonly value: string | null
  /** What it is made of. */
  readonly of: string
  readonly means: string
}

function KeyFigure({ name, value, of, means }: KeyFigureProps) {
  return (
    <div className={styles.figure} title={means}>
      <dt>{name}</dt>
      <dd className={styles.value}>{value ?? '–'}</dd>
      <dd className={styles.of}>{of}</dd>
    </div>
  )
}

function count(amount: number, thing: string): string {
  return `${amount} ${thing}${amount === 1 ? '' : 's'}`
}
