import type { UserJson } from '@tagship/api'
import { useQuery } from '@tanstack/react-query'
import Ellipsis from 'lucide-react/icons/ellipsis'
import UserPlus from 'lucide-react/icons/user-plus'
import { useState } from 'react'
import { usersQuery } from '../../data/access.ts'
import { useMe } from '../../data/session.ts'
import type { Tone } from '../../data/states.ts'
import { Badge } from '../../parts/badge.tsx'
import { Button } from '../../parts/button.tsx'
import { Menu, MenuItem, MenuSeparator } from '../../parts/menu.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Empty, Failed, Loading } from '../../parts/states.tsx'
import { Cell, HeadCell, Table } from '../../parts/table.tsx'
import { Age, Nothing } from '../../parts/values.tsx'
import { RemoveUser } from './remove-user.tsx'
import { type Shown, ShownOnce } from './shown-once.tsx'
import { useUserCommands } from './use-user-commands.ts'
import { UserDialog } from './user-dialog.tsx'

const head = (
  <>
    <HeadCell>Name</HeadCell>
    <HeadCell>All apps</HeadCell>
    <HeadCell wide>Single apps</HeadCell>
    <HeadCell>State</HeadCell>
    <HeadCell>Signs in with</HeadCell>
    <HeadCell>Seen</HeadCell>
    <HeadCell figure>
      <span className="only-heard">What can be done</span>
    </HeadCell>
  </>
)

export function Users() {
  const { data: users, error, refetch } = useQuery(usersQuery)
  const [edited, setEdited] = useState<UserJson | 'new' | null>(null)
  const [shown, setShown] = useState<Shown | null>(null)
  if (error && !users) return <Failed error={error} again={() => void refetch()} />
  return (
    <Panel
      flush
      title="Users"
      aside={
        <Button small onClick={() => setEdited('new')}>
          <UserPlus aria-hidden="true" />
          Invite
        </Button>
      }
    >
      {!users && <Loading />}
      {users?.length === 0 && (
        <Empty title="Nobody has an account yet">tagship login --setup-link makes the first.</Empty>
      )}
      {users && users.length > 0 && (
        <Table label="Users" head={head} stack>
          {users.map((user) => (
            <Row key={user.name} user={user} onEdit={() => setEdited(user)} onShow={setShown} />
          ))}
        </Table>
      )}
      <UserDialog edited={edited} onClose={() => setEdited(null)} onShow={setShown} />
      <ShownOnce shown={shown} onClose={() => setShown(null)} />
    </Panel>
  )
}

const tones = { active: 'good', invited: 'wait', disabled: 'neutral' } as const satisfies Record<
  UserJson['state'],
  Tone
>

interface RowProps {
  readonly user: UserJson
  readonly onEdit: () => void
  readonly onShow: (shown: Shown) => void
}

function Row({ user, onEdit, onShow }: RowProps) {
  const { name, email, role, apps, state, lastSeenAt } = user
  const me = useMe()
  const { reset, disable, remove } = useUserCommands(user, onShow)
  const [leaving, setLeaving] = useState(false)
  return (
    <tr>
      <Cell title={email ?? undefined}>{name}</Cell>
      <Cell>{role ?? <Nothing />}</Cell>
      <Cell wide dim>
        {apps.length === 0 ? <Nothing /> : apps.map((one) => `${one.app}: ${one.role}`).join(', ')}
      </Cell>
      <Cell>
        <Badge tone={tones[state]}>{state}</Badge>
      </Cell>
      <Cell dim>{factorsOf(user)}</Cell>
      <Cell dim>{lastSeenAt ? <Age at={lastSeenAt} ago /> : 'never'}</Cell>
      <Cell figure>
        <Menu
          trigger={
            <Button look="quiet" icon small aria-label={`What can be done with ${name}`}>
              <Ellipsis />
            </Button>
          }
        >
          <MenuItem onClick={onEdit}>Change rights</MenuItem>
          <MenuItem onClick={() => reset.mutate(undefined)}>
            {state === 'invited' ? 'New invitation' : 'Reset password and factors'}
          </MenuItem>
          {name !== me.name && (
            <>
              <MenuSeparator />
              <MenuItem onClick={() => disable.mutate(undefined)}>
                {state === 'disabled' ? 'Let in again' : 'Keep out'}
              </MenuItem>
              <MenuItem onClick={() => setLeaving(true)}>Remove</MenuItem>
            </>
          )}
        </Menu>
        <RemoveUser
          name={leaving ? name : null}
          onClose={() => setLeaving(false)}
          onRemove={() => remove.mutate(undefined)}
        />
      </Cell>
    </tr>
  )
}

function factorsOf({ state, twoFactor, passkeys }: UserJson): string {
  if (state === 'invited') return 'nothing yet'
  const factors = [twoFactor ? 'password and code' : 'password']
  if (passkeys > 0) factors.push(passkeys === 1 ? 'a passkey' : `${passkeys} passkeys`)
  return factors.join(', ')
}
