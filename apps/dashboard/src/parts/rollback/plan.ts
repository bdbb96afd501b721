import type { RollbackPreviewJson } from '@tagship/api'
import { queryOptions } from '@tanstack/react-query'
import { keys } from '../../data/queries.ts'
import { api } from '../../data/session.ts'

export type Plan = RollbackPreviewJson

/** Asked again each time: what is warm now is not in a minute. */
export function planQuery(app: string, to: string | undefined) {
  return queryOptions({
    queryKey: [...keys.about(app), 'rollback', to ?? null],
    queryFn: ({ signal }) => api().previewRollback({ params: { app }, query: { to }, signal }),
    staleTime: 0,
    gcTime: 0,
    retry: false,
  })
}
