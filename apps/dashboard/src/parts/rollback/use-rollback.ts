import type { AppJson } from '@tagship/api'
import { useQueryClient } from '@tanstack/react-query'
import { useCommand } from '../../data/commands.ts'
import { keys } from '../../data/queries.ts'
import { api } from '../../data/session.ts'
import type { Plan } from './plan.ts'

interface Wish {
  readonly plan: Plan
  readonly reason: string
}

/** Brings a release back; for a few seconds the notice offers to take that back as well. */
export function useRollback(app: string) {
  const queryClient = useQueryClient()
  const undo = useCommand({
    run: async ({ from, wasHeld }: { from: string; wasHeld: boolean }) => {
      await api().rollBack({ params: { app }, body: { to: from, reason: 'the rollback is undone' } })
      if (!wasHeld) await api().resume({ params: { app } })
    },
    done: (_, { from }) => ({ title: `${from} comes back` }),
  })
  return useCommand({
    run: async ({ plan, reason }: Wish) => {
      const wasHeld = Boolean(queryClient.getQueryData<AppJson>(keys.app(app))?.hold)
      const body = { to: plan.to.name, ...(reason ? { reason } : {}) }
      await api().rollBack({ params: { app }, body })
      return wasHeld
    },
    done: (wasHeld, { plan: { from, to } }) => ({
      title: `${app} goes back to ${to.name}`,
      text: 'It is on hold until somebody resumes it.',
      ...(from ? { action: { label: 'Undo', run: () => undo.mutate({ from: from.name, wasHeld }) } } : {}),
    }),
  })
}
