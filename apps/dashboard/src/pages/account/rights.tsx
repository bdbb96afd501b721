import { useMe } from '../../data/session.ts'
import { Fact, Facts } from '../../parts/facts.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Nothing } from '../../parts/values.tsx'

const ways = {
  password: 'password',
  code: 'password and code',
  passkey: 'passkey',
  oidc: 'OpenID provider',
  token: 'token',
} as const

/** What the one who is signed in may do. */
export function Rights() {
  const { role, apps, email, signedInBy } = useMe()
  return (
    <Panel>
      <Facts>
        <Fact name="Role for all apps">{role ?? 'none'}</Fact>
        <Fact name="Roles for single apps">
          {apps.length === 0 ? <Nothing /> : apps.map((one) => `${one.app}: ${one.role}`).join(', ')}
        </Fact>
        <Fact name="E-mail address">{email ?? <Nothing />}</Fact>
        <Fact name="Signed in by">{ways[signedInBy]}</Fact>
      </Facts>
    </Panel>
  )
}
