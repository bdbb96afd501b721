import { modKey, useAllShortcuts } from '../data/shortcuts.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Key } from '../parts/values.tsx'
import styles from './shortcut-help.module.css'

/** The keys that work on the page that is shown. */
export default function ShortcutHelp({ onClose }: { readonly onClose: () => void }) {
  const shortcuts = useAllShortcuts()
  return (
    <Dialog open onClose={onClose} title="Keyboard">
      <dl className={styles.list}>
        {shortcuts.map(({ keys, does }) => (
          <div key={keys + does} className={styles.row}>
            <dt>{does}</dt>
            <dd>
              {keys.split(' ').map((key) => (
                <Key key={key}>{keyName(key)}</Key>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}

function keyName(key: string): string {
  const name = key.replace('mod+', `${modKey} `)
  return name.length === 1 || name.includes(' ') ? name.toUpperCase().replace('CTRL', 'Ctrl') : name
}
