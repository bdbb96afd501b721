import type { EventJson, ListedDeploymentJson } from '@tagship/api'
import { useInfiniteQuery } from '@tanstack/react-query'
import { formatClock, formatMoment, formatMs } from '../../data/format.ts'
import { keys } from '../../data/queries.ts'
import { api } from '../../data/session.ts'
import { stateName } from '../../data/states.ts'
import { Button } from '../../parts/button.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Failed, Loading } from '../../parts/states.tsx'
import { Cell, HeadCell, Table } from '../../parts/table.tsx'
import { Nothing } from '../../parts/values.tsx'

/** What happened to it, who made it happen, and why: the newest first. */
export function Events({ deployment: { id, app } }: { readonly deployment: ListedDeploymentJson }) {
  const { data, error, hasNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey: [...keys.about(app), 'events', id],
    queryFn: ({ pageParam, signal }) =>
      api().readEvents({ query: { deployment: id, limit: 100, cursor: pageParam }, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
  })
  const events = data?.pages.flatMap(({ items }) => items)
  return (
    <Panel title="Events" flush>
      {error && !events && <Failed error={error} />}
      {!error && !events && <Loading />}
      {events && (
        <Table
          label="Events of the deployment"
          head={
            <>
              <HeadCell>At</HeadCell>
              <HeadCell>What</HeadCell>
              <HeadCell>By</HeadCell>
              <HeadCell wide>Reason</HeadCell>
              <HeadCell figure>After</HeadCell>
            </>
          }
        >
          {events.map((event) => (
            <EventRow key={event.id} event={event} />
          ))}
        </Table>
      )}
      {hasNextPage && (
        <Button look="quiet" onClick={() => void fetchNextPage()}>
          Older events
        </Button>
      )}
    </Panel>
  )
}

function EventRow({
  event: { at, type, from, to, actor, reason, durationMs },
}: {
  readonly event: EventJson
}) {
  const date = new Date(at)
  return (
    <tr>
      <Cell dim title={formatMoment(date)}>
        {formatClock(date)}
      </Cell>
      <Cell>
        {from && to ? (
          <>
            {stateName(from)} → <b>{stateName(to)}</b>
          </>
        ) : (
          type
        )}
      </Cell>
      <Cell dim>{actor}</Cell>
      <Cell wide dim title={reason ?? undefined}>
        {reason ?? <Nothing />}
      </Cell>
      <Cell figure dim>
        {durationMs === null ? <Nothing /> : formatMs(durationMs)}
      </Cell>
    </tr>
  )
}
