import type { SystemJson } from '@tagship/api'
import { classNames } from '../../parts/class-names.ts'
import { Panel } from '../../parts/panel.tsx'
import { Empty } from '../../parts/states.tsx'
import { Cell, HeadCell, Table } from '../../parts/table.tsx'
import styles from './queues.module.css'

const head = (
  <>
    <HeadCell wide>Queue</HeadCell>
    <HeadCell figure>Waiting</HeadCell>
    <HeadCell figure>Active</HeadCell>
    <HeadCell figure>Delayed</HeadCell>
    <HeadCell figure>Failed</HeadCell>
  </>
)

/** The work that is under way, and the work that waits. */
export function Queues({ queues }: Pick<SystemJson, 'queues'>) {
  return (
    <Panel title="Queues" flush>
      {queues === null && (
        <Empty title="Redis does not answer">
          What waits is kept in Postgres, and goes on once it is back.
        </Empty>
      )}
      {queues && (
        <Table label="Queues" head={head}>
          {queues.map(({ name, waiting, active, delayed, failed }) => (
            <tr key={name}>
              <Cell wide>{name}</Cell>
              <Count amount={waiting} />
              <Count amount={active} />
              <Count amount={delayed} />
              <Count amount={failed} bad />
            </tr>
          ))}
        </Table>
      )}
    </Panel>
  )
}

function Count({ amount, bad }: { readonly amount: number; readonly bad?: boolean }) {
  return (
    <Cell figure dim={amount === 0} className={classNames(bad && amount > 0 && styles.failed)}>
      {amount.toLocaleString()}
    </Cell>
  )
}
