import { useQuery, useQueryClient } from '@tanstack/react-query'
import { signInOptionsQuery } from '../../data/access.ts'
import { addPasskey, knowsPasskeys, listPasskeys, removePasskey } from '../../data/auth.ts'
import { useCommand } from '../../data/commands.ts'
import { valuesOf } from '../../data/form.ts'
import { Button } from '../../parts/button.tsx'
import { Field } from '../../parts/field.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Failed, Loading } from '../../parts/states.tsx'
import { Age } from '../../parts/values.tsx'
import styles from './account.module.css'

const queryKey = ['passkeys']

/** Keys that a device or a password manager keeps: both factors at once, and nothing that can be given away. */
export function Passkeys() {
  const queryClient = useQueryClient()
  const renew = () => queryClient.invalidateQueries({ queryKey })
  const { data: options } = useQuery(signInOptionsQuery)
  const { data: passkeys, error } = useQuery({ queryKey, queryFn: listPasskeys, staleTime: 0 })
  const add = useCommand({
    run: async (name: string) => {
      await addPasskey(name)
      await renew()
    },
    done: () => ({ title: 'The passkey is kept', text: 'You can sign in with it from now on.' }),
  })
  const remove = useCommand({ run: (id: string) => removePasskey(id).then(renew) })
  const canAdd = options?.passkey === true && knowsPasskeys()
  return (
    <Panel title="Passkeys">
      {error ? <Failed error={error} /> : !passkeys && <Loading lines={2} />}
      {passkeys && passkeys.length > 0 && (
        <ul className={styles.list}>
          {passkeys.map(({ id, name, createdAt }) => (
            <li key={id}>
              <span className={styles.what}>
                {name || 'without a name'}
                {createdAt && (
                  <small>
                    made <Age at={createdAt} ago />
                  </small>
                )}
              </span>
              <Button small disabled={remove.isPending} onClick={() => remove.mutate(id)}>
                Remove
              </Button>
            </li>
          ))}
        </ul>
      )}
      {canAdd ? (
        <form className={styles.form} onSubmit={(event) => add.mutate(valuesOf(event).name ?? '')}>
          <Field label="Name of a new one" name="name" required maxLength={100} placeholder="this laptop" />
          <Button type="submit" disabled={add.isPending}>
            Add a passkey
          </Button>
        </form>
      ) : (
        options && (
          <p>
            Passkeys need an address with a name, such as localhost or tagship.example.com, not one of
            numbers.
          </p>
        )
      )}
    </Panel>
  )
}
