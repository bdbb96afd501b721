import Copy from 'lucide-react/icons/copy'
import { formatMoment } from '../../data/format.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { notify } from '../../parts/toasts.tsx'
import styles from './access.module.css'

export interface Shown {
  readonly what: string
  readonly secret: string
  readonly expiresAt: string | null
}

interface ShownOnceProps {
  readonly shown: Shown | null
  readonly onClose: () => void
}

/** A secret that the controller keeps only the hash of. */
export function ShownOnce({ shown, onClose }: ShownOnceProps) {
  return (
    <Dialog
      open={shown !== null}
      onClose={onClose}
      title={shown?.what ?? ''}
      footer={<Button onClick={onClose}>Done</Button>}
    >
      {shown && (
        <div className={styles.shown}>
          <p>
            It is shown this once.
            {shown.expiresAt && ` It works until ${formatMoment(new Date(shown.expiresAt))}.`}
          </p>
          <code className={styles.secret}>{shown.secret}</code>
          <Button onClick={() => void copy(shown.secret)}>
            <Copy aria-hidden="true" />
            Copy
          </Button>
        </div>
      )}
    </Dialog>
  )
}

/** Without TLS browsers give pages no clipboard. */
async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    notify({ title: 'Copied' })
  } catch {
    notify({
      title: 'This browser does not let the page copy',
      text: 'Select it, and copy it by hand.',
      bad: true,
    })
  }
}
