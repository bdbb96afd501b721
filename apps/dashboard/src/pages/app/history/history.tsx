import type { AppJson } from '@tagship/api'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type HistoryFilter, historyQuery } from '../../../data/history.ts'
import { Panel } from '../../../parts/panel.tsx'
import { Empty, Failed, Loading } from '../../../parts/states.tsx'
import { Filters } from './filters.tsx'
import { HistoryTable } from './history-table.tsx'
import { Timeline } from './timeline.tsx'

/** Every deployment of the app, newest first: when each slot served what, and each attempt in figures. */
export function History({ app }: { readonly app: AppJson }) {
  const [filter, setFilter] = useState<HistoryFilter>({})
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery(
    historyQuery(app.name, filter),
  )
  const rows = data?.pages.flatMap(({ items }) => items)
  const isFiltered = Object.keys(filter).length > 0
  const more = () => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }
  return (
    <>
      {rows && rows.length > 0 && !isFiltered && <Timeline app={app.name} rows={rows} />}
      <Panel title="Deployments" flush aside={<Filters filter={filter} onChange={setFilter} />}>
        {error && !rows && <Failed error={error} again={() => void refetch()} />}
        {!error && !rows && <Loading lines={8} />}
        {rows?.length === 0 && !hasNextPage && <NoRows app={app} isFiltered={isFiltered} />}
        {rows && (rows.length > 0 || hasNextPage) && (
          <HistoryTable app={app} rows={rows} more={more} hasMore={hasNextPage} />
        )}
      </Panel>
    </>
  )
}

function NoRows({ app: { pushUrl }, isFiltered }: { readonly app: AppJson; readonly isFiltered: boolean }) {
  if (isFiltered) return <Empty title="No deployment matches" />
  return (
    <Empty title="Nothing was deployed yet">
      <p>{pushUrl ? 'Push a tag:' : 'The next tag that the policy chooses is deployed.'}</p>
      {pushUrl && (
        <pre>{`git remote add tagship ${pushUrl}\ngit tag v1.0.0 && git push tagship main v1.0.0`}</pre>
      )}
    </Empty>
  )
}
