import type { Role, UserJson } from '@tagship/api'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { usersQuery } from '../../data/access.ts'
import { useCommand } from '../../data/commands.ts'
import { valuesOf } from '../../data/form.ts'
import { api } from '../../data/session.ts'
import { Button } from '../../parts/button.tsx'
import { Choice } from '../../parts/choice.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Field } from '../../parts/field.tsx'
import styles from './access.module.css'
import { AppRoles, type RolesByApp, roleOptions } from './app-roles.tsx'
import type { Shown } from './shown-once.tsx'
import { linkShown } from './use-user-commands.ts'

interface UserDialogProps {
  readonly edited: UserJson | 'new' | null
  readonly onClose: () => void
  readonly onShow: (shown: Shown) => void
}

/** Invites somebody, or changes what somebody may do. */
export function UserDialog({ edited, onClose, onShow }: UserDialogProps) {
  const user = edited === 'new' ? null : edited
  return (
    <Dialog
      open={edited !== null}
      onClose={onClose}
      title={user ? `Rights of ${user.name}` : 'Invite somebody'}
    >
      {edited !== null && <UserForm key={user?.name ?? ''} user={user} onClose={onClose} onShow={onShow} />}
    </Dialog>
  )
}

type FormProps = Pick<UserDialogProps, 'onClose' | 'onShow'> & { readonly user: UserJson | null }

function UserForm({ user, onClose, onShow }: FormProps) {
  const [role, setRole] = useState<Role | 'none'>(user ? (user.role ?? 'none') : 'deployer')
  const [apps, setApps] = useState<RolesByApp>(byApp(user))
  const save = useSave(user, onClose, onShow)
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        const { name = user?.name ?? '', email = '' } = valuesOf(event)
        save.mutate({ name: name.trim(), email: email.trim(), role: role === 'none' ? null : role, apps })
      }}
    >
      {!user && (
        <Field
          label="Name"
          name="name"
          required
          autoFocus
          hint="2 to 40 of a-z, 0-9 and . _ -"
          autoComplete="off"
        />
      )}
      <Field
        label="E-mail address (optional)"
        name="email"
        type="email"
        defaultValue={user?.email ?? ''}
        autoComplete="off"
        hint="An OpenID provider knows people by it. Tagship sends no mail."
      />
      <fieldset className={styles.group}>
        <legend>Role for all apps</legend>
        <Choice<Role | 'none'>
          label="Role for all apps"
          value={role}
          options={[{ value: 'none', label: 'none' }, ...roleOptions]}
          onChange={setRole}
        />
      </fieldset>
      <AppRoles value={apps} onChange={setApps} />
      <p className={styles.hint}>
        A viewer sees. A deployer besides deploys, rolls back, holds and changes config. An admin besides adds
        and removes apps and, for all apps, manages users. What counts for an app is the higher of the two
        roles.
      </p>
      <Button look="strong" type="submit" disabled={save.isPending}>
        {user ? 'Keep' : 'Make the invitation'}
      </Button>
    </form>
  )
}

function byApp(user: UserJson | null): RolesByApp {
  return Object.fromEntries((user?.apps ?? []).map(({ app, role }) => [app, role]))
}

interface Wish {
  readonly name: string
  readonly email: string
  readonly role: Role | null
  readonly apps: RolesByApp
}

function useSave(user: UserJson | null, onClose: () => void, onShow: (shown: Shown) => void) {
  const queryClient = useQueryClient()
  return useCommand({
    run: async ({ name, email, role, apps }: Wish) => {
      if (user) {
        const gone = Object.keys(byApp(user)).filter((app) => !(app in apps))
        const all = { ...apps, ...Object.fromEntries(gone.map((app) => [app, null])) }
        await api().changeUser({ params: { user: name }, body: { role, apps: all, email: email || null } })
      } else {
        const body = { name, role, apps, ...(email ? { email } : {}) }
        const shown = linkShown(await api().inviteUser({ body }))
        if (shown) onShow(shown)
      }
      onClose()
      await queryClient.invalidateQueries({ queryKey: usersQuery.queryKey })
    },
    done: (_, { name }) => (user ? { title: `The rights of ${name} are changed` } : null),
  })
}
