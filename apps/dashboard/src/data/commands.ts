/** What a person can make Tagship do from here; each says what came of it, and renews what is shown. */
import { ApiError, type AppJson } from '@tagship/api'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { notify } from '../parts/toasts.tsx'
import { keys } from './queries.ts'
import { api } from './session.ts'

interface CommandOptions<I, O> {
  readonly run: (input: I) => Promise<O>
  /** What is said when it is done. */
  readonly done?: (output: O, input: I) => Parameters<typeof notify>[0] | null
}

export function useCommand<I, O>({ run, done }: CommandOptions<I, O>) {
  return useMutation({
    mutationFn: run,
    onSuccess(output, input) {
      const notice = done?.(output, input)
      if (notice) notify(notice)
    },
    onError(error) {
      notify({ title: 'That did not work', text: textOf(error), bad: true })
    },
  })
}

export function textOf(error: Error): string {
  return error instanceof ApiError ? `${error.detail} ${error.mend}` : error.message
}

export function useHold(app: string) {
  const queryClient = useQueryClient()
  return useCommand({
    run: async (reason: string) => {
      const held = await api().hold({ params: { app }, body: reason ? { reason } : {} })
      queryClient.setQueryData<AppJson>(keys.app(app), held)
    },
  })
}

export function useResume(app: string) {
  const queryClient = useQueryClient()
  return useCommand({
    run: async () => {
      const resumed = await api().resume({ params: { app } })
      queryClient.setQueryData<AppJson>(keys.app(app), resumed)
    },
    done: () => ({ title: `${app} deploys new tags again` }),
  })
}

export function useDeploy(app: string) {
  return useCommand({
    run: (tag: string | undefined) => api().deploy({ params: { app }, body: tag ? { tag } : {} }),
    done: ({ release, tag }) => ({ title: `${release} is on its way`, text: tag ?? undefined }),
  })
}

export function usePromote(id: string) {
  return useCommand({
    run: () => api().promote({ params: { id } }),
    done: ({ release }) => ({ title: `${release} goes on to the switch` }),
  })
}

export function useCancel(id: string) {
  return useCommand({
    run: () => api().cancel({ params: { id } }),
    done: ({ release }) => ({ title: `${release} is canceled`, text: 'What served before serves on.' }),
  })
}
