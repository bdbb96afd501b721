import { useMutation } from '@tanstack/react-query'
import { signInWithPassword } from '../../data/auth.ts'
import { textOf } from '../../data/commands.ts'
import { valuesOf } from '../../data/form.ts'
import { askWhoIsThere } from '../../data/session.ts'
import { Button } from '../../parts/button.tsx'
import { Field } from '../../parts/field.tsx'

/** @param onCode the password was right, and a code is wanted as well */
export function PasswordForm({ onCode }: { readonly onCode: () => void }) {
  const attempt = useMutation({
    mutationFn: async ({ login = '', password = '' }: Record<string, string>) => {
      const { needsCode } = await signInWithPassword(login.trim(), password)
      if (needsCode) onCode()
      else await askWhoIsThere()
    },
  })
  return (
    <form onSubmit={(event) => attempt.mutate(valuesOf(event))}>
      <Field label="Name or e-mail address" name="login" autoComplete="username" required autoFocus />
      <Field
        label="Password"
        name="password"
        type="password"
        autoComplete="current-password"
        required
        problem={attempt.error && textOf(attempt.error)}
      />
      <Button look="strong" type="submit" disabled={attempt.isPending}>
        {attempt.isPending ? 'Signing in' : 'Sign in'}
      </Button>
    </form>
  )
}
