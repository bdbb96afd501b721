import type { SystemJson } from '@tagship/api'
import { Notice } from '../../parts/notice.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Empty } from '../../parts/states.tsx'
import { Cell, HeadCell, Table } from '../../parts/table.tsx'

const head = (
  <>
    <HeadCell wide>Host</HeadCell>
    <HeadCell figure>Ends</HeadCell>
  </>
)

/** What hosts are served with over TLS; nothing where there is no TLS. */
export function Certificates({ certificates }: Pick<SystemJson, 'certificates'>) {
  if (!certificates) return null
  const { items, problems } = certificates
  return (
    <Panel title="Certificates" flush>
      {problems.map(({ path, problem }) => (
        <Notice key={path} tone="bad">
          {path}: {problem}
        </Notice>
      ))}
      {items.length === 0 && <Empty title="No certificate">Nobody can be served over TLS.</Empty>}
      {items.length > 0 && (
        <Table label="Certificates" head={head}>
          {items.map(({ names, notAfter, endsSoon }) => (
            <tr key={names.join()}>
              <Cell wide>{names.join(', ')}</Cell>
              <Cell figure>
                <time dateTime={notAfter}>
                  {endsSoon ? <strong>{dayOf(notAfter)}, soon</strong> : dayOf(notAfter)}
                </time>
              </Cell>
            </tr>
          ))}
        </Table>
      )}
    </Panel>
  )
}

function dayOf(time: string): string {
  return time.slice(0, 10)
}
