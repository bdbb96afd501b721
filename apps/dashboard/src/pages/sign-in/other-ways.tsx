import { useMutation } from '@tanstack/react-query'
import KeyRound from 'lucide-react/icons/key-round'
import { knowsPasskeys, signInWithPasskey, signInWithProvider } from '../../data/auth.ts'
import { textOf } from '../../data/commands.ts'
import { askWhoIsThere } from '../../data/session.ts'
import { Button } from '../../parts/button.tsx'
import styles from './other-ways.module.css'

interface OtherWaysProps {
  /** Undefined while it is asked for. */
  readonly options:
    | { readonly passkey: boolean; readonly oidc: readonly { readonly id: string; readonly name: string }[] }
    | undefined
  readonly onToken: () => void
}

export function OtherWays({ options, onToken }: OtherWaysProps) {
  const passkey = useMutation({
    mutationFn: async () => {
      await signInWithPasskey()
      await askWhoIsThere()
    },
  })
  const provider = useMutation({ mutationFn: signInWithProvider })
  const problem = passkey.error ?? provider.error
  return (
    <div className={styles.ways}>
      {options?.oidc.map(({ id, name }) => (
        <Button key={id} onClick={() => provider.mutate(id)} disabled={provider.isPending}>
          Sign in with {name}
        </Button>
      ))}
      {options?.passkey && knowsPasskeys() && (
        <Button onClick={() => passkey.mutate()} disabled={passkey.isPending}>
          <KeyRound aria-hidden="true" />
          Sign in with a passkey
        </Button>
      )}
      {problem && <p role="alert">{textOf(problem)}</p>}
      <Button look="quiet" onClick={onToken}>
        Use a token
      </Button>
    </div>
  )
}
