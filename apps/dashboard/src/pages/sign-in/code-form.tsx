import { useMutation } from '@tanstack/react-query'
import { giveCode } from '../../data/auth.ts'
import { textOf } from '../../data/commands.ts'
import { valuesOf } from '../../data/form.ts'
import { askWhoIsThere } from '../../data/session.ts'
import { Button } from '../../parts/button.tsx'
import { Field } from '../../parts/field.tsx'

export function CodeForm({ onBack }: { readonly onBack: () => void }) {
  const attempt = useMutation({
    mutationFn: async ({ code = '' }: Record<string, string>) => {
      await giveCode(code)
      await askWhoIsThere()
    },
  })
  return (
    <form onSubmit={(event) => attempt.mutate(valuesOf(event))}>
      <Field
        label="Code"
        name="code"
        autoComplete="one-time-code"
        required
        autoFocus
        hint="Six digits from your authenticator app, or one of your backup codes."
        problem={attempt.error && textOf(attempt.error)}
      />
      <Button look="strong" type="submit" disabled={attempt.isPending}>
        Go on
      </Button>
      <Button look="quiet" onClick={onBack}>
        Back
      </Button>
    </form>
  )
}
