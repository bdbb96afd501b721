import { useMutation } from '@tanstack/react-query'
import { textOf } from '../../data/commands.ts'
import { valuesOf } from '../../data/form.ts'
import { signInWithToken } from '../../data/session.ts'
import { Button } from '../../parts/button.tsx'
import { Field } from '../../parts/field.tsx'

/** For the admin token of a machine where nobody has an account yet. */
export function TokenForm({ onBack }: { readonly onBack: () => void }) {
  const attempt = useMutation({
    mutationFn: ({ token = '' }: Record<string, string>) => signInWithToken(token.trim()),
  })
  return (
    <form onSubmit={(event) => attempt.mutate(valuesOf(event))}>
      <Field
        label="Token"
        name="token"
        type="password"
        autoComplete="off"
        required
        autoFocus
        hint="It is kept until this tab is closed, and may do here what it may do elsewhere."
        problem={attempt.error && textOf(attempt.error)}
      />
      <Button look="strong" type="submit" disabled={attempt.isPending}>
        Sign in
      </Button>
      <Button look="quiet" onClick={onBack}>
        Back
      </Button>
    </form>
  )
}
