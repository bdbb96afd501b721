import { Combobox as Base } from '@base-ui/react/combobox'
import { useQuery } from '@tanstack/react-query'
import ChevronDown from 'lucide-react/icons/chevron-down'
import { appsQuery } from '../data/queries.ts'
import styles from './app-choice.module.css'
import choice from './choice.module.css'
import menu from './menu.module.css'

/** No app can have this name. */
const all = 'All apps'

interface AppChoiceProps {
  /** Undefined: all apps. */
  readonly value: string | undefined
  /** Whether all of them can be chosen. */
  readonly withAll?: boolean
  readonly onChange: (app: string | undefined) => void
}

/** One app of perhaps hundreds: found by a part of its name. */
export function AppChoice({ value, withAll, onChange }: AppChoiceProps) {
  const { data: apps = [] } = useQuery(appsQuery)
  const names = apps.map(({ name }) => name)
  return (
    <Base.Root
      items={withAll ? [all, ...names] : names}
      value={value ?? all}
      onValueChange={(next: string | null) => next !== null && onChange(next === all ? undefined : next)}
      autoHighlight
    >
      <Base.Trigger className={choice.trigger} aria-label="App">
        <span className={styles.chosen}>
          <Base.Value />
        </span>
        <Base.Icon className={choice.icon}>
          <ChevronDown />
        </Base.Icon>
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner sideOffset={6} align="end" className={menu.positioner}>
          <Base.Popup className={menu.popup} aria-label="Apps">
            <Base.Input className={styles.input} placeholder="Find an app" aria-label="Part of the name" />
            <Base.Empty>
              <p className={styles.none}>No app has that name.</p>
            </Base.Empty>
            <Base.List className={styles.list}>
              {(name: string) => (
                <Base.Item key={name} value={name} className={menu.item}>
                  <Base.ItemIndicator className={choice.check} keepMounted />
                  <span className={styles.name}>{name}</span>
                </Base.Item>
              )}
            </Base.List>
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}
