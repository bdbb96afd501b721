import type { TokenJson } from '@tagship/api'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import Plus from 'lucide-react/icons/plus'
import { useState } from 'react'
import { tokensQuery } from '../../data/access.ts'
import { useCommand } from '../../data/commands.ts'
import { formatMoment } from '../../data/format.ts'
import { api } from '../../data/session.ts'
import { Badge } from '../../parts/badge.tsx'
import { Button } from '../../parts/button.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Empty, Failed, Loading } from '../../parts/states.tsx'
import { Cell, HeadCell, Table } from '../../parts/table.tsx'
import { Age } from '../../parts/values.tsx'
import { type Shown, ShownOnce } from './shown-once.tsx'
import { TokenDialog } from './token-dialog.tsx'

const head = (
  <>
    <HeadCell>Name</HeadCell>
    <HeadCell>Role</HeadCell>
    <HeadCell wide>Apps</HeadCell>
    <HeadCell>Owner</HeadCell>
    <HeadCell>Used</HeadCell>
    <HeadCell>Good until</HeadCell>
    <HeadCell figure>
      <span className="only-heard">What can be done</span>
    </HeadCell>
  </>
)

/** For programs. Everybody makes their own; an admin sees all. */
export function Tokens() {
  const { data: tokens, error, refetch } = useQuery(tokensQuery)
  const [open, setOpen] = useState(false)
  const [shown, setShown] = useState<Shown | null>(null)
  if (error && !tokens) return <Failed error={error} again={() => void refetch()} />
  return (
    <Panel
      flush
      title="Tokens"
      aside={
        <Button small onClick={() => setOpen(true)}>
          <Plus aria-hidden="true" />
          New token
        </Button>
      }
    >
      {!tokens && <Loading />}
      {tokens?.length === 0 && <Empty title="No token">Programs, such as a pipeline, need one.</Empty>}
      {tokens && tokens.length > 0 && (
        <Table label="Tokens" head={head} stack>
          {tokens.map((token) => (
            <Row key={token.name} token={token} />
          ))}
        </Table>
      )}
      <TokenDialog open={open} onClose={() => setOpen(false)} onShow={setShown} />
      <ShownOnce shown={shown} onClose={() => setShown(null)} />
    </Panel>
  )
}

function Row({ token: { name, role, apps, owner, lastUsedAt, expiresAt } }: { readonly token: TokenJson }) {
  const queryClient = useQueryClient()
  const revoke = useCommand({
    run: async () => {
      await api().revokeToken({ params: { token: name } })
      await queryClient.invalidateQueries({ queryKey: tokensQuery.queryKey })
    },
    done: () => ({ title: `${name} is revoked` }),
  })
  return (
    <tr>
      <Cell>{name}</Cell>
      <Cell>{role}</Cell>
      <Cell wide dim>
        {apps?.join(', ') ?? 'all'}
      </Cell>
      <Cell dim>{owner ?? 'this installation'}</Cell>
      <Cell dim>{lastUsedAt ? <Age at={lastUsedAt} ago /> : 'never'}</Cell>
      <Cell dim>
        <Expiry at={expiresAt} />
      </Cell>
      <Cell figure>
        <Button look="danger" small disabled={revoke.isPending} onClick={() => revoke.mutate(undefined)}>
          Revoke
        </Button>
      </Cell>
    </tr>
  )
}

function Expiry({ at }: { readonly at: string | null }) {
  if (at === null) return 'it is revoked'
  const date = new Date(at)
  return date.getTime() < Date.now() ? <Badge tone="wait">expired</Badge> : formatMoment(date)
}
