import type { HealthAttemptsJson, ListedDeploymentJson } from '@tagship/api'
import { useQuery } from '@tanstack/react-query'
import { formatClock, formatMoment, formatMs } from '../../data/format.ts'
import { healthQuery } from '../../data/queries.ts'
import { Panel } from '../../parts/panel.tsx'
import { Cell, HeadCell, Table } from '../../parts/table.tsx'

const head = (
  <>
    <HeadCell>Instance</HeadCell>
    <HeadCell>From</HeadCell>
    <HeadCell wide>Found</HeadCell>
    <HeadCell figure>Attempts</HeadCell>
    <HeadCell figure>For</HeadCell>
  </>
)

/** How often each instance was asked whether it is healthy, and what was found; nothing where none was asked. */
export function Health({ deployment: { id, app } }: { readonly deployment: ListedDeploymentJson }) {
  const { data } = useQuery(healthQuery(app, id))
  if (!data || data.length === 0) return null
  return (
    <Panel title="Health checks" flush>
      <Table label="Health checks of the deployment" head={head} stack>
        {data.map((attempts) => (
          <Row key={`${attempts.instance} ${attempts.firstAt}`} attempts={attempts} />
        ))}
      </Table>
    </Panel>
  )
}

function Row({
  attempts: { instance, healthy, detail, attempts, firstAt, lastAt },
}: {
  readonly attempts: HealthAttemptsJson
}) {
  const [first, last] = [new Date(firstAt), new Date(lastAt)]
  return (
    <tr>
      <Cell>{instance}</Cell>
      <Cell dim>
        <time dateTime={firstAt} title={formatMoment(first)}>
          {formatClock(first)}
        </time>
      </Cell>
      <Cell wide>{healthy ? <b>healthy</b> : detail}</Cell>
      <Cell figure>{attempts.toLocaleString()}</Cell>
      <Cell figure dim>
        {formatMs(last.getTime() - first.getTime())}
      </Cell>
    </tr>
  )
}
