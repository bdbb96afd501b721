import { ApiError } from '@tagship/api'
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'
import { forgetSession } from './session.ts'

/** What the controller refuses it refuses again; what could not be reached is tried again. */
function isWorthAnotherTry(failures: number, error: Error): boolean {
  if (error instanceof ApiError && error.status < 500) return false
  return failures < 3
}

/** A session that has ended leads to where a new one begins. */
function onError(error: Error): void {
  if (error instanceof ApiError && error.status === 401) forgetSession()
}

/** Nothing grows old by itself: live.ts says what has changed. */
export const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: {
    queries: {
      staleTime: Number.POSITIVE_INFINITY,
      gcTime: 10 * 60_000,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      // A controller on this machine is in reach without a network.
      networkMode: 'always',
      retry: isWorthAnotherTry,
    },
    mutations: { networkMode: 'always' },
  },
})
