import { useMay } from '../../data/session.ts'
import { Page } from '../../parts/page.tsx'
import { Tokens } from './tokens.tsx'
import { Users } from './users.tsx'

/** Who may do what: people for admins, tokens for everybody. */
export function AccessPage() {
  const isAdmin = useMay('admin')
  return (
    <Page name="Access">
      {isAdmin && <Users />}
      <Tokens />
    </Page>
  )
}
