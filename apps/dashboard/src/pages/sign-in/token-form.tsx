import { signInWithToken } from '../../data/session.ts'
import { StepForm } from './step-form.tsx'

/** For the admin token of a machine where nobody has an account yet. */
export function TokenForm({ onBack }: { readonly onBack: () => void }) {
  return (
    <StepForm
      field={{
        label: 'Token',
        name: 'token',
        type: 'password',
        autoComplete: 'off',
        hint: 'It is kept until this tab is closed, and may do here what it may do elsewhere.',
      }}
      submit="Sign in"
      onSubmit={signInWithToken}
      onBack={onBack}
    />
  )
}
