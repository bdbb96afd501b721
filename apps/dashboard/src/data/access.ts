/** Users, tokens and sessions: they change by hand and seldom, so each visit asks anew. */
import { queryOptions } from '@tanstack/react-query'
import { api } from './session.ts'

export const signInOptionsQuery = queryOptions({
  queryKey: ['sign-in'],
  queryFn: ({ signal }) => api().signInOptions({ signal }),
  staleTime: 0,
})

export const usersQuery = queryOptions({
  queryKey: ['users'],
  queryFn: async ({ signal }) => (await api().listUsers({ signal })).items,
  staleTime: 0,
})

export const tokensQuery = queryOptions({
  queryKey: ['tokens'],
  queryFn: async ({ signal }) => (await api().listTokens({ signal })).items,
  staleTime: 0,
})

export const sessionsQuery = queryOptions({
  queryKey: ['sessions'],
  queryFn: async ({ signal }) => (await api().listSessions({ signal })).items,
  staleTime: 0,
})
