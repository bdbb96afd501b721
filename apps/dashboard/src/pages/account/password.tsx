import { useQueryClient } from '@tanstack/react-query'
import { sessionsQuery } from '../../data/access.ts'
import { changePassword } from '../../data/auth.ts'
import { useCommand } from '../../data/commands.ts'
import { valuesOf } from '../../data/form.ts'
import { useMe } from '../../data/session.ts'
import { Button } from '../../parts/button.tsx'
import { Field } from '../../parts/field.tsx'
import { Panel } from '../../parts/panel.tsx'
import styles from './account.module.css'

export function Password() {
  const { name } = useMe()
  const queryClient = useQueryClient()
  const change = useCommand({
    run: async ({ values, form }: { values: Record<string, string>; form: HTMLFormElement }) => {
      await changePassword(values.current ?? '', values.next ?? '')
      form.reset()
      await queryClient.invalidateQueries({ queryKey: sessionsQuery.queryKey })
    },
    done: () => ({ title: 'The password is changed', text: 'All other sessions have ended.' }),
  })
  return (
    <Panel title="Password">
      <form
        className={styles.form}
        onSubmit={(event) => change.mutate({ values: valuesOf(event), form: event.currentTarget })}
      >
        {/* So that a password manager knows whose password it is. */}
        <input hidden autoComplete="username" value={name} readOnly />
        <Field
          label="Present password"
          name="current"
          type="password"
          autoComplete="current-password"
          required
        />
        <Field
          label="New password"
          name="next"
          type="password"
          autoComplete="new-password"
          required
          minLength={12}
          maxLength={128}
          hint="At least 12 characters. Other sessions end with the old one."
        />
        <Button type="submit" disabled={change.isPending}>
          Change the password
        </Button>
      </form>
    </Panel>
  )
}
