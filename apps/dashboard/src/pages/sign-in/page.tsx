import { ApiError } from '@tagship/api'
import { useMutation } from '@tanstack/react-query'
import { type SubmitEvent, useEffect } from 'react'
import { signIn } from '../../data/session.ts'
import { Button } from '../../parts/button.tsx'
import { Field } from '../../parts/field.tsx'
import { Mark } from '../../shell/mark.tsx'
import styles from './page.module.css'

export function SignInPage() {
  const attempt = useMutation({ mutationFn: signIn })
  useEffect(() => {
    document.title = 'Sign in · Tagship'
  }, [])
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    const token = new FormData(event.currentTarget).get('token')
    if (typeof token === 'string') attempt.mutate(token.trim())
  }
  return (
    <main className={styles.page}>
      <form className={styles.form} onSubmit={submit}>
        <div className={styles.brand}>
          <Mark size={28} />
          <h1>Sign in to Tagship</h1>
        </div>
        <Field
          label="Token"
          name="token"
          type="password"
          autoComplete="off"
          required
          autoFocus
          problem={attempt.error && problemOf(attempt.error)}
          hint="tagship up has printed the admin’s token once. It is kept until this tab is closed."
        />
        <Button look="strong" type="submit" disabled={attempt.isPending}>
          {attempt.isPending ? 'Signing in' : 'Sign in'}
        </Button>
      </form>
    </main>
  )
}

function problemOf(error: Error): string {
  if (error instanceof ApiError && error.status === 401) return 'This token is unknown, or was revoked.'
  return error.message
}
