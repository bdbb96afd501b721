import { useMe } from '../../data/session.ts'
import { Page } from '../../parts/page.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Empty } from '../../parts/states.tsx'
import styles from './account.module.css'
import { Passkeys } from './passkeys.tsx'
import { Password } from './password.tsx'
import { Rights } from './rights.tsx'
import { Sessions } from './sessions.tsx'
import { TwoFactor } from './two-factor.tsx'

/** Who one is, what one signs in with, and where one is signed in. */
export function AccountPage() {
  const { name, kind } = useMe()
  return (
    <Page name="Account" title={name}>
      <Rights />
      {kind === 'token' ? (
        <Panel>
          <Empty title="You are signed in with a token">
            Passwords, passkeys and sessions belong to people. tagship login --setup-link, or an invitation by
            an admin, makes an account.
          </Empty>
        </Panel>
      ) : (
        <div className={styles.columns}>
          <Password />
          <TwoFactor />
          <Passkeys />
          <Sessions />
        </div>
      )}
    </Page>
  )
}
