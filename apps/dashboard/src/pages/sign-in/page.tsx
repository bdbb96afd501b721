import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { signInOptionsQuery } from '../../data/access.ts'
import { Notice } from '../../parts/notice.tsx'
import { CodeForm } from './code-form.tsx'
import { Front } from './front.tsx'
import { OtherWays } from './other-ways.tsx'
import { PasswordForm } from './password-form.tsx'
import { TokenForm } from './token-form.tsx'

/** Name and password, a code where one is wanted; or another way that this controller knows. */
export function SignInPage() {
  const [way, setWay] = useState<'password' | 'code' | 'token'>('password')
  const { data: options } = useQuery(signInOptionsQuery)
  if (way === 'code')
    return (
      <Front title="One more step">
        <CodeForm onBack={() => setWay('password')} />
      </Front>
    )
  if (way === 'token')
    return (
      <Front title="Sign in with a token">
        <TokenForm onBack={() => setWay('password')} />
      </Front>
    )
  return (
    <Front title="Sign in to Tagship">
      <FromProvider />
      {options?.setUp && (
        <Notice tone="neutral">
          Nobody has an account yet. tagship up has printed a set-up link; for another one, on its machine:
          tagship login --setup-link
        </Notice>
      )}
      <PasswordForm onCode={() => setWay('code')} />
      <OtherWays options={options} onToken={() => setWay('token')} />
    </Front>
  )
}

/** An OpenID provider sends people back here where it did not sign them in. */
function FromProvider() {
  const error = new URLSearchParams(location.search).get('error')
  if (location.pathname !== '/sign-in' || error === null) return null
  return (
    <Notice tone="bad">
      The provider did not sign you in ({error.slice(0, 80)}). It knows you by an e-mail address that an admin
      has to have invited.
    </Notice>
  )
}
