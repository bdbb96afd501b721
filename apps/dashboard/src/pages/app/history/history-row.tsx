import type { ListedDeploymentJson } from '@tagship/api'
import { Link } from '@tanstack/react-router'
import Undo2 from 'lucide-react/icons/undo-2'
import { memo } from 'react'
import { useMay } from '../../../data/session.ts'
import { Button } from '../../../parts/button.tsx'
import { columns } from './columns.tsx'
import styles from './history-table.module.css'
import { cellClass } from './history-table.tsx'

interface HistoryRowProps {
  readonly app: string
  readonly row: ListedDeploymentJson
  readonly index: number
  readonly offset: number
  readonly onRollBack: (release: string) => void
}

export const HistoryRow = memo(function HistoryRow({ app, row, index, offset, onRollBack }: HistoryRowProps) {
  const mayDecide = useMay('deployer', app)
  const possible = mayDecide && row.rollback.possible
  const why = mayDecide ? row.rollback.why : 'you may only look'
  const [release, ...others] = columns
  return (
    // biome-ignore lint/a11y/useSemanticElements: see history-table.tsx
    // biome-ignore lint/a11y/useFocusableInteractive: its link is
    <div
      role="row"
      aria-rowindex={index + 2}
      className={styles.row}
      style={{ transform: `translateY(${offset}px)` }}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: as above */}
      <div role="cell" className={cellClass('release', false)}>
        <Link to="/apps/$app/deployments/$id" params={{ app, id: row.id }} className={styles.link}>
          {release?.show(row)}
        </Link>
        <Button
          look="quiet"
          icon
          small
          className={styles.back}
          disabled={!possible}
          focusableWhenDisabled
          aria-label={`Roll back to ${row.release}${possible ? '' : `: not possible, ${why}`}`}
          title={possible ? `Roll back to ${row.release}` : `No rollback to ${row.release}: ${why}`}
          onClick={() => onRollBack(row.release)}
        >
          <Undo2 />
        </Button>
      </div>
      {others.map(({ name, figure, show }) => (
        // biome-ignore lint/a11y/useSemanticElements: as above
        <div key={name} role="cell" className={cellClass(name, figure)}>
          {show(row)}
        </div>
      ))}
    </div>
  )
})
