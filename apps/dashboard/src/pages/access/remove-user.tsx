import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'

interface RemoveUserProps {
  /** Null: nobody is to be removed. */
  readonly name: string | null
  readonly onClose: () => void
  readonly onRemove: () => void
}

/** Asked before, since nothing brings a user back. */
export function RemoveUser({ name, onClose, onRemove }: RemoveUserProps) {
  const remove = () => {
    onRemove()
    onClose()
  }
  return (
    <Dialog
      open={name !== null}
      onClose={onClose}
      title={`Remove ${name ?? ''}?`}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="danger" onClick={remove}>
            Remove
          </Button>
        </>
      }
    >
      Sessions and tokens of {name} end at once. What {name} did stays in the history. To keep {name} out for
      a while only, choose “Keep out”.
    </Dialog>
  )
}
