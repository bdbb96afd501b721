import type { Role } from '@tagship/api'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { tokensQuery } from '../../data/access.ts'
import { useCommand } from '../../data/commands.ts'
import { valuesOf } from '../../data/form.ts'
import { api } from '../../data/session.ts'
import { AppChoice } from '../../parts/app-choice.tsx'
import { Button } from '../../parts/button.tsx'
import { Choice } from '../../parts/choice.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Field } from '../../parts/field.tsx'
import styles from './access.module.css'
import { roleOptions } from './app-roles.tsx'
import type { Shown } from './shown-once.tsx'

interface TokenDialogProps {
  readonly open: boolean
  readonly onClose: () => void
  readonly onShow: (shown: Shown) => void
}

export function TokenDialog({ open, onClose, onShow }: TokenDialogProps) {
  return (
    <Dialog open={open} onClose={onClose} title="New token">
      {open && <TokenForm onClose={onClose} onShow={onShow} />}
    </Dialog>
  )
}

const spans = [
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: 'A year' },
  { value: 'none', label: 'Until it is revoked' },
] as const
type Span = (typeof spans)[number]['value']

function TokenForm({ onClose, onShow }: Omit<TokenDialogProps, 'open'>) {
  const queryClient = useQueryClient()
  const [role, setRole] = useState<Role>('viewer')
  const [app, setApp] = useState<string | undefined>()
  const [span, setSpan] = useState<Span>('90')
  const create = useCommand({
    run: async (name: string) => {
      const body = { name: name.trim(), role, apps: app === undefined ? null : [app], expiresAt: endOf(span) }
      const { token, secret } = await api().createToken({ body })
      onClose()
      if (secret !== null) onShow({ what: `The token ${token.name}`, secret, expiresAt: token.expiresAt })
      await queryClient.invalidateQueries({ queryKey: tokensQuery.queryKey })
    },
  })
  return (
    <form className={styles.form} onSubmit={(event) => create.mutate(valuesOf(event).name ?? '')}>
      <Field
        label="Name"
        name="name"
        required
        autoFocus
        autoComplete="off"
        placeholder="ci"
        hint="What it is for. The history knows it by this name."
      />
      <div className={styles.line}>
        <Choice<Role> label="Role" value={role} options={roleOptions} onChange={setRole} />
        <AppChoice value={app} withAll onChange={setApp} />
        <Choice<Span> label="How long it is good" value={span} options={spans} onChange={setSpan} />
      </div>
      <p className={styles.hint}>It may never do more than you may by then, and ends with your account.</p>
      <Button look="strong" type="submit" disabled={create.isPending}>
        Make the token
      </Button>
    </form>
  )
}

function endOf(span: Span): string | null {
  return span === 'none' ? null : new Date(Date.now() + Number(span) * 86_400_000).toISOString()
}
