import { type Role, roles } from '@tagship/api'
import { useQuery } from '@tanstack/react-query'
import { appsQuery } from '../../data/queries.ts'
import { AppChoice } from '../../parts/app-choice.tsx'
import { Button } from '../../parts/button.tsx'
import { Choice } from '../../parts/choice.tsx'
import styles from './access.module.css'

/** A role for each of some apps, by their names. */
export type RolesByApp = Readonly<Record<string, Role>>

export const roleOptions = roles.map((role) => ({ value: role, label: role }))

interface AppRolesProps {
  readonly value: RolesByApp
  readonly onChange: (value: RolesByApp) => void
}

export function AppRoles({ value, onChange }: AppRolesProps) {
  const { data: apps = [] } = useQuery(appsQuery)
  const free = apps.find(({ name }) => !(name in value))
  const without = (gone: string) => Object.fromEntries(Object.entries(value).filter(([app]) => app !== gone))
  return (
    <fieldset className={styles.group}>
      <legend>Roles for single apps</legend>
      {Object.entries(value).map(([app, role]) => (
        <div key={app} className={styles.line}>
          <AppChoice value={app} onChange={(next) => next && onChange({ ...without(app), [next]: role })} />
          <Choice<Role>
            label={`Role for ${app}`}
            value={role}
            options={roleOptions}
            onChange={(next) => onChange({ ...value, [app]: next })}
          />
          <Button look="quiet" onClick={() => onChange(without(app))}>
            Remove
          </Button>
        </div>
      ))}
      <Button small disabled={!free} onClick={() => free && onChange({ ...value, [free.name]: 'deployer' })}>
        Add an app
      </Button>
    </fieldset>
  )
}
