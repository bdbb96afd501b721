import type { ListedDeploymentJson } from '@tagship/api'
import { isServing, isSettled } from '@tagship/domain/machine'
import { useState } from 'react'
import { useCancel, useDeploy, usePromote } from '../../data/commands.ts'
import { useMay } from '../../data/session.ts'
import { useShortcuts } from '../../data/shortcuts.ts'
import { Button } from '../../parts/button.tsx'
import { RollbackDialog } from '../../parts/rollback/rollback-dialog.tsx'

/** For those who may deploy the app. */
export function DeploymentActions({ deployment }: { readonly deployment: ListedDeploymentJson }) {
  return useMay('deployer', deployment.app) && <Actions deployment={deployment} />
}

/** Only what can be done in the state that it is in. */
function Actions({ deployment }: { readonly deployment: ListedDeploymentJson }) {
  const { id, app, state, tag, release, serving, rollback } = deployment
  const [open, setOpen] = useState(false)
  const promote = usePromote(id)
  const cancel = useCancel(id)
  const deploy = useDeploy(app)
  const canCancel =
    !isSettled(state) &&
    !isServing(state) &&
    !['failing', 'canceling', 'reverting', 'evicting'].includes(state)
  // Of what serves, back to what was before it; of anything else, to it.
  const target = serving ? undefined : release
  const canRollBack = serving || rollback.possible
  useShortcuts([
    {
      keys: 'r',
      does: serving ? `Roll ${app} back` : `Roll ${app} back to ${release}`,
      run: () => canRollBack && setOpen(true),
    },
  ])
  return (
    <>
      {canCancel && (
        <Button look="danger" disabled={cancel.isPending} onClick={() => cancel.mutate()}>
          Cancel
        </Button>
      )}
      {isSettled(state) && tag && !serving && (
        <Button disabled={deploy.isPending} onClick={() => deploy.mutate(tag)}>
          Deploy again
        </Button>
      )}
      {canRollBack && (
        <Button onClick={() => setOpen(true)}>{serving ? 'Roll back' : 'Roll back to this'}</Button>
      )}
      {state === 'awaitingPromotion' && (
        <Button look="strong" disabled={promote.isPending} onClick={() => promote.mutate()}>
          Promote
        </Button>
      )}
      <RollbackDialog app={app} to={target} open={open} onClose={() => setOpen(false)} />
    </>
  )
}
