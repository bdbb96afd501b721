import { useQuery } from '@tanstack/react-query'
import { type SubmitEvent, useId } from 'react'
import { Button } from '../button.tsx'
import { Dialog } from '../dialog.tsx'
import { Field } from '../field.tsx'
import { Failed, Loading } from '../states.tsx'
import { planQuery } from './plan.ts'
import styles from './rollback-dialog.module.css'
import { RollbackPlan } from './rollback-plan.tsx'
import { useRollback } from './use-rollback.ts'

interface RollbackDialogProps {
  readonly app: string
  /** `v12`; without it, the release that was live before. */
  readonly to?: string | undefined
  readonly open: boolean
  readonly onClose: () => void
}

/** What a rollback would do, and the button that does it: Enter presses it. */
export function RollbackDialog({ app, to, open, onClose }: RollbackDialogProps) {
  const form = useId()
  const { data: plan, error } = useQuery({ ...planQuery(app, to), enabled: open })
  const rollBack = useRollback(app)
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    if (!plan?.imagePresent) return
    const reason = new FormData(event.currentTarget).get('reason')
    onClose()
    rollBack.mutate({ plan, reason: typeof reason === 'string' ? reason.trim() : '' })
  }
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={`Roll ${app} back`}
      wide
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="strong" type="submit" form={form} disabled={!plan?.imagePresent}>
            {plan ? `Roll back to ${plan.to.name}` : 'Roll back'}
          </Button>
        </>
      }
    >
      {error && <Failed error={error} />}
      {!plan && !error && <Loading />}
      {plan && (
        <form id={form} onSubmit={submit} className={styles.form}>
          <RollbackPlan plan={plan} />
          <Field
            label="Reason"
            name="reason"
            maxLength={500}
            autoComplete="off"
            autoFocus
            placeholder="Why, for the history"
          />
        </form>
      )}
    </Dialog>
  )
}
