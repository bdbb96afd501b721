/** The control plane. It has no stream: each visit, and each connection that comes back, asks anew. */
import { queryOptions } from '@tanstack/react-query'
import { api } from './session.ts'

export const systemQuery = queryOptions({
  queryKey: ['system'],
  queryFn: ({ signal }) => api().readSystem({ signal }),
  staleTime: 0,
})

export const doctorQuery = queryOptions({
  queryKey: ['doctor'],
  queryFn: ({ signal }) => api().readDoctor({ signal }),
  staleTime: 0,
})
