import type { FiguresJson } from '@tagship/api'
import { Columns, Swatch } from '../../parts/columns.tsx'
import { Panel } from '../../parts/panel.tsx'
import { columnsOf } from './day-columns.ts'

/** How deployments ended, day by day; week by week in a long window. */
export function Days({ days }: Pick<FiguresJson, 'days'>) {
  return (
    <Panel title="How deployments ended">
      <Columns
        label="Deployments by day"
        columns={columnsOf(days)}
        format={String}
        legend={
          <>
            <Swatch look="ink">served</Swatch>
            <Swatch look="back">rolled back</Swatch>
            <Swatch look="bad">failed</Swatch>
          </>
        }
      />
    </Panel>
  )
}
