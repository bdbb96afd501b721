import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../data/session.ts'
import { Button } from '../../parts/button.tsx'
import { Failed, Loading } from '../../parts/states.tsx'
import { Front } from '../sign-in/front.tsx'
import { ChoosePassword } from './choose-password.tsx'

const titles = {
  setUp: 'Set up Tagship',
  invitation: 'Join Tagship',
  reset: 'Choose a new password',
} as const

/** What a one-time link leads to: the first admin, an invitation, a new password. */
export default function LinkPage() {
  // What stands behind the `#` is a secret: it goes to the controller in a body, and leaves the address at once.
  const [secret] = useState(takeSecret)
  const { data: link, error } = useQuery({
    queryKey: ['link', secret],
    queryFn: ({ signal }) => api().showLink({ body: { link: secret }, signal }),
    retry: false,
  })
  if (error)
    return (
      <Front title="This link cannot be used">
        <Failed error={error} />
        <Button onClick={() => location.replace('/')}>Go to the sign-in</Button>
      </Front>
    )
  if (!link) return <Loading />
  return (
    <Front title={titles[link.purpose]}>
      <ChoosePassword link={link} secret={secret} />
    </Front>
  )
}

function takeSecret(): string {
  const secret = location.hash.slice(1)
  history.replaceState(null, '', location.pathname)
  return secret
}
