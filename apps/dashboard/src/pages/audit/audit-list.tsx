import type { AuditEntryJson } from '@tagship/api'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type AuditFilter, auditQuery, type Outcome } from '../../data/audit.ts'
import type { Tone } from '../../data/states.ts'
import { Badge } from '../../parts/badge.tsx'
import { More } from '../../parts/more.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Empty, Failed, Loading } from '../../parts/states.tsx'
import { Cell, HeadCell, Table } from '../../parts/table.tsx'
import { Age, Nothing } from '../../parts/values.tsx'
import styles from './audit-list.module.css'
import { detailText } from './detail-text.ts'

const head = (
  <>
    <HeadCell>Action</HeadCell>
    <HeadCell>Outcome</HeadCell>
    <HeadCell>By</HeadCell>
    <HeadCell>App</HeadCell>
    <HeadCell wide>Detail</HeadCell>
    <HeadCell figure>When</HeadCell>
  </>
)

/** The newest first. */
export function AuditList({ filter }: { readonly filter: AuditFilter }) {
  const entries = useInfiniteQuery(auditQuery(filter))
  const { data, error, refetch } = entries
  if (error && !data) return <Failed error={error} again={() => void refetch()} />
  if (!data)
    return (
      <Panel flush>
        <Loading lines={8} />
      </Panel>
    )
  const shown = data.pages.flatMap(({ items }) => items)
  return (
    <Panel flush>
      {shown.length === 0 ? (
        <Empty title="No entry">Nothing in the record fits the filter.</Empty>
      ) : (
        <Table label="Audit entries" head={head} stack>
          {shown.map((entry) => (
            <Row key={entry.id} entry={entry} />
          ))}
        </Table>
      )}
      <More list={entries}>Older entries</More>
    </Panel>
  )
}

const tones = { done: 'neutral', refused: 'bad', failed: 'bad' } as const satisfies Record<Outcome, Tone>

function Row({ entry }: { readonly entry: AuditEntryJson }) {
  const { action, outcome, actor, app, at } = entry
  const detail = detailText(entry.detail)
  return (
    <tr>
      <Cell className={styles.action}>{action}</Cell>
      <Cell>
        <Badge tone={tones[outcome]}>{outcome}</Badge>
      </Cell>
      <Cell>{actor}</Cell>
      <Cell className={styles.app}>
        {app ? (
          <Link to="/apps/$app" params={{ app }} title={app}>
            {app}
          </Link>
        ) : (
          <Nothing />
        )}
      </Cell>
      <Cell wide dim title={detail}>
        {detail}
      </Cell>
      <Cell figure dim>
        <Age at={at} />
      </Cell>
    </tr>
  )
}
