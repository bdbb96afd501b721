import { Autocomplete } from '@base-ui/react/autocomplete'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import CornerDownLeft from 'lucide-react/icons/corner-down-left'
import { appsQuery } from '../data/queries.ts'
import { useAllShortcuts } from '../data/shortcuts.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Key } from '../parts/values.tsx'
import styles from './command-palette.module.css'

interface PaletteProps {
  readonly onClose: () => void
}

interface Command {
  readonly label: string
  readonly hint: string
  readonly run: () => void
}

/** Every app, and everything that has a key, by its name. */
export default function CommandPalette({ onClose }: PaletteProps) {
  return (
    <Dialog open onClose={onClose} title="Search or jump to" bare>
      <Palette onClose={onClose} />
    </Dialog>
  )
}

function Palette({ onClose }: PaletteProps) {
  const commands = useCommands()
  const run = (command: Command) => {
    onClose()
    command.run()
  }
  return (
    <Autocomplete.Root
      items={commands}
      itemToStringValue={({ label }: Command) => label}
      open
      inline
      autoHighlight="always"
      keepHighlight
      limit={50}
    >
      <Autocomplete.Input className={styles.input} placeholder="App or command" aria-label="App or command" />
      <Autocomplete.Empty>
        <p className={styles.empty}>Nothing has that name.</p>
      </Autocomplete.Empty>
      <Autocomplete.List className={styles.list}>
        {(command: Command) => (
          <Autocomplete.Item
            key={command.label}
            value={command}
            className={styles.item}
            onClick={() => run(command)}
          >
            <span className={styles.label}>{command.label}</span>
            <span className={styles.hint}>{command.hint}</span>
          </Autocomplete.Item>
        )}
      </Autocomplete.List>
      <p className={styles.foot}>
        <Key>↑</Key> <Key>↓</Key> choose
        <CornerDownLeft aria-hidden="true" /> go
        <Key>esc</Key> close
      </p>
    </Autocomplete.Root>
  )
}

function useCommands(): readonly Command[] {
  const navigate = useNavigate()
  const { data: apps = [] } = useQuery(appsQuery)
  const shortcuts = useAllShortcuts()
  return [
    ...apps.map(({ name, live }) => ({
      label: name,
      hint: live ? `${live.release}${live.tag ? ` · ${live.tag}` : ''}` : 'nothing live',
      run: () => void navigate({ to: '/apps/$app', params: { app: name } }),
    })),
    ...shortcuts
      .filter(({ keys }) => keys !== 'mod+k')
      .map(({ keys, does, run }) => ({ label: does, hint: keys, run })),
  ]
}
