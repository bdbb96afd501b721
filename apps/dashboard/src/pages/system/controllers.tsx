import type { SystemJson } from '@tagship/api'
import { Badge } from '../../parts/badge.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Cell, HeadCell, Table } from '../../parts/table.tsx'
import { Age, Nothing } from '../../parts/values.tsx'

const head = (
  <>
    <HeadCell wide>Controller</HeadCell>
    <HeadCell figure>Process</HeadCell>
    <HeadCell figure>Leases</HeadCell>
    <HeadCell figure>Runs since</HeadCell>
  </>
)

/** Each takes work by leases; what one that dies held goes to the others. */
export function Controllers({ controllers }: Pick<SystemJson, 'controllers'>) {
  return (
    <Panel title="Controllers" flush>
      <Table label="Controllers" head={head}>
        {controllers.map(({ id, self, url, pid, startedAt, stopping, leases }) => (
          <tr key={id}>
            <Cell wide title={`${url}, ${id}`}>
              {url} {self && <Badge title="The one that answers this page">this one</Badge>}{' '}
              {stopping && <Badge tone="wait">stopping</Badge>}
            </Cell>
            <Cell figure dim>
              {pid}
            </Cell>
            <Cell figure>{leases ?? <Nothing />}</Cell>
            <Cell figure dim>
              <Age at={startedAt} />
            </Cell>
          </tr>
        ))}
      </Table>
    </Panel>
  )
}
