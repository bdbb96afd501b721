import { useState } from 'react'
import { beginTwoFactor, endTwoFactor, giveCode, newBackupCodes } from '../../data/auth.ts'
import { useCommand } from '../../data/commands.ts'
import { valuesOf } from '../../data/form.ts'
import { askWhoIsThere, useMe } from '../../data/session.ts'
import { Badge } from '../../parts/badge.tsx'
import { Button } from '../../parts/button.tsx'
import { Field } from '../../parts/field.tsx'
import { Panel } from '../../parts/panel.tsx'
import styles from './account.module.css'
import { BackupCodes } from './backup-codes.tsx'
import { Picture } from './picture.tsx'

/** A code from an authenticator app, asked for after the password. */
export function TwoFactor() {
  const { twoFactor } = useMe()
  return (
    <Panel
      title="Code after the password"
      aside={twoFactor ? <Badge tone="good">on</Badge> : <Badge>off</Badge>}
    >
      {twoFactor ? <InUse /> : <NotInUse />}
    </Panel>
  )
}

function InUse() {
  const [codes, setCodes] = useState<readonly string[] | null>(null)
  const renew = useCommand({
    run: async (password: string) => setCodes(await newBackupCodes(password)),
    done: () => ({
      title: 'There are new backup codes',
      text: 'The old ones are good for nothing any more.',
    }),
  })
  const end = useCommand({
    run: async (password: string) => {
      await endTwoFactor(password)
      await askWhoIsThere()
    },
    done: () => ({ title: 'No code is asked for any more' }),
  })
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        const { password = '', what } = { ...valuesOf(event), what: submitterOf(event.nativeEvent) }
        if (what === 'renew') renew.mutate(password)
        else end.mutate(password)
      }}
    >
      {codes && <BackupCodes codes={codes} />}
      <Field label="Password" name="password" type="password" autoComplete="current-password" required />
      <Button type="submit" value="renew" disabled={renew.isPending}>
        Make new backup codes
      </Button>
      <Button look="danger" type="submit" value="end" disabled={end.isPending}>
        Ask for no code any more
      </Button>
    </form>
  )
}

function submitterOf(event: Event): string | undefined {
  const submitter = event instanceof SubmitEvent ? event.submitter : null
  return submitter instanceof HTMLButtonElement ? submitter.value : undefined
}

type Begun = Awaited<ReturnType<typeof beginTwoFactor>>

function NotInUse() {
  const [begun, setBegun] = useState<Begun | null>(null)
  const begin = useCommand({ run: async (password: string) => setBegun(await beginTwoFactor(password)) })
  if (begun) return <FirstCode begun={begun} />
  return (
    <form className={styles.form} onSubmit={(event) => begin.mutate(valuesOf(event).password ?? '')}>
      <p>
        A password alone can be guessed, seen or stolen. An authenticator app on your phone shows a code
        besides.
      </p>
      <Field label="Password" name="password" type="password" autoComplete="current-password" required />
      <Button look="strong" type="submit" disabled={begin.isPending}>
        Set it up
      </Button>
    </form>
  )
}

/** Only once a first code was right is one asked for at the next sign-in: nobody locks themselves out. */
function FirstCode({ begun: { totpURI, backupCodes } }: { readonly begun: Begun }) {
  const confirm = useCommand({
    run: async (code: string) => {
      await giveCode(code)
      await askWhoIsThere()
    },
    done: () => ({ title: 'A code is asked for from now on' }),
  })
  return (
    <form className={styles.form} onSubmit={(event) => confirm.mutate(valuesOf(event).code ?? '')}>
      <p>Read this with your authenticator app, and give the code that it shows.</p>
      <Picture of={totpURI} className={styles.picture} />
      <p>
        Or type the key: <code className={styles.secret}>{new URL(totpURI).searchParams.get('secret')}</code>
      </p>
      <BackupCodes codes={backupCodes} />
      <Field label="Code" name="code" inputMode="numeric" autoComplete="one-time-code" required />
      <Button look="strong" type="submit" disabled={confirm.isPending}>
        Use it
      </Button>
    </form>
  )
}
