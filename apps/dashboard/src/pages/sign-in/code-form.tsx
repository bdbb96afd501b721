import { giveCode } from '../../data/auth.ts'
import { askWhoIsThere } from '../../data/session.ts'
import { StepForm } from './step-form.tsx'

export function CodeForm({ onBack }: { readonly onBack: () => void }) {
  return (
    <StepForm
      field={{
        label: 'Code',
        name: 'code',
        autoComplete: 'one-time-code',
        hint: 'Six digits from your authenticator app, or one of your backup codes.',
      }}
      submit="Go on"
      onSubmit={async (code) => {
        await giveCode(code)
        await askWhoIsThere()
      }}
      onBack={onBack}
    />
  )
}
