import { useQuery } from '@tanstack/react-query'
import { trafficQuery } from '../../data/figures.ts'
import { Columns, Swatch } from '../../parts/columns.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Empty, Failed, Loading } from '../../parts/states.tsx'
import { trafficColumns } from './traffic-columns.ts'

/** Which slot answered how much: a switch shows as a change of colour. */
export function Traffic({ app }: { readonly app: string }) {
  const { data, error, refetch } = useQuery(trafficQuery(app))
  const columns = data && trafficColumns(data)
  const served = columns?.some(({ parts }) => parts.some(({ amount }) => amount > 0))
  return (
    <Panel title="Requests by slot" aside="Last 24 hours">
      {error && !data && <Failed error={error} again={() => void refetch()} />}
      {!error && !data && <Loading />}
      {columns && !served && <Empty title="No request in the last 24 hours" />}
      {columns && served && (
        <Columns
          label={`Requests of ${app} by slot`}
          columns={columns}
          format={(amount) => amount.toLocaleString()}
          legend={
            <>
              <Swatch look="blue">blue</Swatch>
              <Swatch look="green">green</Swatch>
            </>
          }
        />
      )}
    </Panel>
  )
}
