import { useMutation } from '@tanstack/react-query'
import { textOf } from '../../data/commands.ts'
import { valuesOf } from '../../data/form.ts'
import { api } from '../../data/session.ts'
import { Button } from '../../parts/button.tsx'
import { Field } from '../../parts/field.tsx'

interface ChoosePasswordProps {
  readonly link: { readonly purpose: 'setUp' | 'invitation' | 'reset'; readonly name: string | null }
  readonly secret: string
}

/** Signs in who has chosen. */
export function ChoosePassword({ link: { purpose, name: known }, secret: link }: ChoosePasswordProps) {
  const attempt = useMutation({
    mutationFn: async ({ name = '', email = '', password = '', again = '' }: Record<string, string>) => {
      if (password !== again) throw new Error('The two passwords differ.')
      if (purpose === 'setUp') {
        await api().setUp({ body: { link, name: name.trim(), password, ...(email ? { email } : {}) } })
      } else await api().acceptInvitation({ body: { link, password } })
    },
    // With a second factor an account is worth more: that is where it is set up.
    onSuccess: () => location.replace('/account'),
  })
  return (
    <form onSubmit={(event) => attempt.mutate(valuesOf(event))}>
      {purpose === 'setUp' ? (
        <>
          <p>You will be the first admin. Everybody else is invited by you.</p>
          <Field
            label="Name"
            name="name"
            autoComplete="username"
            required
            autoFocus
            hint="2 to 40 of a-z, 0-9 and . _ -; the history knows you by it."
          />
          <Field label="E-mail address (optional)" name="email" type="email" autoComplete="email" />
        </>
      ) : (
        // So that a password manager knows whose password it is.
        <Field label="Name" name="name" autoComplete="username" value={known ?? ''} readOnly />
      )}
      <Field
        label="Password"
        name="password"
        type="password"
        autoComplete="new-password"
        required
        minLength={12}
        maxLength={128}
        hint="At least 12 characters."
      />
      <Field
        label="The same again"
        name="again"
        type="password"
        autoComplete="new-password"
        required
        problem={attempt.error && textOf(attempt.error)}
      />
      <Button look="strong" type="submit" disabled={attempt.isPending}>
        {purpose === 'setUp' ? 'Create the account' : 'Keep the password'}
      </Button>
    </form>
  )
}
