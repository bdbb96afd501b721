/** The tags of an app, and what its policy says of them. */
import type { TagJson } from '@tagship/api'
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { keys } from './queries.ts'
import { api } from './session.ts'
import type { Tone } from './states.ts'

const pageSize = 100

export function tagsQuery(app: string) {
  return infiniteQueryOptions({
    queryKey: [...keys.about(app), 'tags'],
    queryFn: ({ pageParam, signal }) =>
      api().listTags({ params: { app }, query: { limit: pageSize, cursor: pageParam }, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
  })
}

export function tagVerdictQuery(app: string, tag: string) {
  return queryOptions({
    queryKey: [...keys.about(app), 'verdict', tag],
    queryFn: ({ signal }) => api().explainTag({ params: { app, tag }, signal }),
  })
}

/** What is left out is an everyday verdict: it needs nobody's eye. */
const tones: Partial<Record<TagJson['verdict'], Tone>> = {
  chosen: 'good',
  live: 'good',
  'under way': 'busy',
  'to be checked': 'busy',
  'on hold': 'wait',
  moved: 'bad',
  'failed before': 'bad',
  'rolled back': 'bad',
  unsigned: 'bad',
  'wrong signature': 'bad',
}

export function verdictTone(verdict: TagJson['verdict']): Tone {
  return tones[verdict] ?? 'neutral'
}
