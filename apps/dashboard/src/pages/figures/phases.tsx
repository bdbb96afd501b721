import type { FiguresJson } from '@tagship/api'
import { deploymentStates } from '@tagship/domain/machine'
import { formatMs } from '../../data/format.ts'
import { Panel } from '../../parts/panel.tsx'
import { Empty } from '../../parts/states.tsx'
import { Cell, HeadCell, Table } from '../../parts/table.tsx'
import { Nothing } from '../../parts/values.tsx'
import styles from './phases.module.css'

type Spread = FiguresJson['toServing']

const head = (
  <>
    <HeadCell>Phase</HeadCell>
    <HeadCell wide>
      <span className="only-heard">Compared</span>
    </HeadCell>
    <HeadCell figure>p50</HeadCell>
    <HeadCell figure>p95</HeadCell>
    <HeadCell figure className={styles.samples}>
      Samples
    </HeadCell>
  </>
)

/** Where the time goes: the middle deployment, and the slow ones. */
export function Phases({ figures: { phases, toServing } }: { readonly figures: FiguresJson }) {
  const longest = Math.max(1, ...[...phases, toServing].map(({ p95 }) => p95 ?? 0))
  return (
    <Panel title="Durations" flush>
      {phases.length === 0 ? (
        <Empty title="No phase was measured" />
      ) : (
        <Table label="Durations by phase" head={head}>
          {inOrder(phases).map(({ name, ...spread }) => (
            <Row key={name} name={name} spread={spread} longest={longest} />
          ))}
          <Row name="until it serves" spread={toServing} longest={longest} />
        </Table>
      )}
    </Panel>
  )
}

interface RowProps {
  readonly name: string
  readonly spread: Spread
  /** Milliseconds that fill the whole bar. */
  readonly longest: number
}

function Row({ name, spread: { p50, p95, samples }, longest }: RowProps) {
  return (
    <tr>
      <Cell>{name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)}</Cell>
      <Cell wide>
        <span className={styles.bar} aria-hidden="true">
          <i className={styles.slow} style={{ width: `${((p95 ?? 0) / longest) * 100}%` }} />
          <i className={styles.middle} style={{ width: `${((p50 ?? 0) / longest) * 100}%` }} />
        </span>
      </Cell>
      <Cell figure>{p50 === null ? <Nothing /> : formatMs(p50)}</Cell>
      <Cell figure>{p95 === null ? <Nothing /> : formatMs(p95)}</Cell>
      <Cell figure dim className={styles.samples}>
        {samples}
      </Cell>
    </tr>
  )
}

/** As a deployment goes through them. */
function inOrder(phases: FiguresJson['phases']): FiguresJson['phases'] {
  const place = (name: string) => (deploymentStates as readonly string[]).indexOf(name)
  return phases.toSorted((a, b) => place(a.name) - place(b.name))
}
