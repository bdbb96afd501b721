import { Dialog as Base } from '@base-ui/react/dialog'
import X from 'lucide-react/icons/x'
import type { ReactNode } from 'react'
import { Button } from './button.tsx'
import { classNames } from './class-names.ts'
import styles from './dialog.module.css'

interface DialogProps {
  readonly open: boolean
  readonly onClose: () => void
  readonly title: string
  /** Where the dialog needs no heading that is seen. */
  readonly bare?: boolean
  readonly wide?: boolean
  readonly children: ReactNode
  readonly footer?: ReactNode
}

/** In the middle; on a phone, from below. Escape and a click beside it close it. */
export function Dialog({ open, onClose, title, bare, wide, children, footer }: DialogProps) {
  return (
    <Base.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Base.Portal>
        <Base.Backdrop className={styles.veil} />
        <Base.Popup className={classNames(styles.popup, wide && styles.wide)}>
          <Base.Title className={bare ? 'only-heard' : styles.title}>{title}</Base.Title>
          {!bare && (
            <Base.Close
              render={
                <Button look="quiet" icon small aria-label="Close" className={styles.close}>
                  <X />
                </Button>
              }
            />
          )}
          {/* What scrolls has to be reached by keyboard. */}
          <div className={classNames(styles.body, bare && styles.bare)} {...(bare ? {} : { tabIndex: 0 })}>
            {children}
          </div>
          {footer && <div className={styles.footer}>{footer}</div>}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}
