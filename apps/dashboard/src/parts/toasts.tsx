import { Toast } from '@base-ui/react/toast'
import X from 'lucide-react/icons/x'
import { Button } from './button.tsx'
import { classNames } from './class-names.ts'
import styles from './toasts.module.css'

const manager = Toast.createToastManager()

interface Notice {
  readonly title: string
  readonly text?: string | undefined
  readonly bad?: boolean
  /** What the reader can do about it. */
  readonly action?: { readonly label: string; readonly run: () => void }
}

/** Says something that needs no answer, for a few seconds; longer where there is something to do. */
export function notify({ title, text, bad, action }: Notice): void {
  const id: string = manager.add({
    title,
    description: text,
    type: bad ? 'bad' : 'plain',
    priority: bad ? 'high' : 'low',
    timeout: action ? 15_000 : bad ? 10_000 : 5_000,
    ...(action
      ? {
          actionProps: {
            children: action.label,
            onClick() {
              manager.close(id)
              action.run()
            },
          },
        }
      : {}),
  })
}

/** Once, around everything. */
export function Toasts({ children }: { readonly children: React.ReactNode }) {
  return (
    <Toast.Provider toastManager={manager} limit={4}>
      {children}
      <Toast.Portal>
        <Toast.Viewport className={styles.viewport}>
          <ToastList />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  )
}

function ToastList() {
  const { toasts } = Toast.useToastManager()
  return toasts.map((toast) => (
    <Toast.Root
      key={toast.id}
      toast={toast}
      className={classNames(styles.toast, toast.type === 'bad' && styles.bad)}
    >
      <div className={styles.words}>
        <Toast.Title className={styles.title} />
        <Toast.Description className={styles.text} />
      </div>
      {toast.actionProps && <Toast.Action render={<Button small />} />}
      <Toast.Close
        render={
          <Button look="quiet" icon small aria-label="Close">
            <X />
          </Button>
        }
      />
    </Toast.Root>
  ))
}
