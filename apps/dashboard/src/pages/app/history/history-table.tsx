import type { AppJson, ListedDeploymentJson } from '@tagship/api'
import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import { RollbackDialog } from '../../../parts/rollback/rollback-dialog.tsx'
import { columns } from './columns.tsx'
import { HistoryRow } from './history-row.tsx'
import styles from './history-table.module.css'

interface HistoryTableProps {
  readonly app: AppJson
  readonly rows: readonly ListedDeploymentJson[]
  readonly hasMore: boolean
  readonly more: () => void
}

const rowHeight = 44
/** So many rows before the end, the next page is asked for. */
const ahead = 30

/** Only the rows in sight are there, so that a hundred thousand scroll like a hundred. */
export function HistoryTable({ app, rows, hasMore, more }: HistoryTableProps) {
  const body = useRef<HTMLDivElement>(null)
  const [top, setTop] = useState(0)
  const [rollBackTo, setRollBackTo] = useState<string | null>(null)
  useLayoutEffect(() => {
    const measure = () => setTop((body.current?.getBoundingClientRect().top ?? 0) + scrollY)
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(document.body)
    return () => observer.disconnect()
  }, [])
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => rowHeight,
    overscan: 12,
    scrollMargin: top,
    getItemKey: (index) => rows[index]?.id ?? index,
  })
  useStayInPlace(rows, top)
  const items = virtual.getVirtualItems()
  const last = items.at(-1)?.index ?? 0
  useEffect(() => {
    if (hasMore && last >= rows.length - ahead) more()
  }, [hasMore, last, rows.length, more])

  return (
    // biome-ignore lint/a11y/useSemanticElements: rows that come and go are placed by hand, which a table cannot do
    <div
      role="table"
      aria-label={`Deployments of ${app.name}`}
      aria-rowcount={hasMore ? -1 : rows.length + 1}
      className={styles.table}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: as above */}
      <div role="rowgroup">
        {/* biome-ignore lint/a11y/useSemanticElements: as above */}
        <div role="row" aria-rowindex={1} className={styles.head} tabIndex={-1}>
          {columns.map(({ name, label, figure }) => (
            // biome-ignore lint/a11y/useSemanticElements: as above
            // biome-ignore lint/a11y/useFocusableInteractive: nothing is sorted by it
            <div key={name} role="columnheader" className={cellClass(name, figure)}>
              {label}
            </div>
          ))}
        </div>
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: as above */}
      <div role="rowgroup" ref={body} className={styles.body} style={{ height: virtual.getTotalSize() }}>
        {items.map(({ index, key, start }) => {
          const row = rows[index]
          return (
            row && (
              <HistoryRow
                key={key}
                app={app.name}
                row={row}
                index={index}
                offset={start - top}
                onRollBack={setRollBackTo}
              />
            )
          )
        })}
      </div>
      <RollbackDialog
        app={app.name}
        to={rollBackTo ?? undefined}
        open={rollBackTo !== null}
        onClose={() => setRollBackTo(null)}
      />
    </div>
  )
}

export function cellClass(name: string, figure: boolean | undefined): string {
  return [styles.cell, styles[name], figure && styles.figure].filter(Boolean).join(' ')
}

/** New rows come in at the top; who reads further down keeps what they read before their eyes. */
function useStayInPlace(rows: readonly ListedDeploymentJson[], top: number): void {
  const before = useRef<string | undefined>(undefined)
  const first = rows[0]?.id
  useLayoutEffect(() => {
    const added = before.current === undefined ? 0 : rows.findIndex(({ id }) => id === before.current)
    before.current = first
    if (added > 0 && scrollY > top) scrollBy(0, added * rowHeight)
  }, [rows, first, top])
}
