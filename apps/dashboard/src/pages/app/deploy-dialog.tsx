import { useQuery } from '@tanstack/react-query'
import { type SubmitEvent, useState } from 'react'
import { keys } from '../../data/queries.ts'
import { api } from '../../data/session.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Field } from '../../parts/field.tsx'
import { Failed, Loading } from '../../parts/states.tsx'
import { Sha } from '../../parts/values.tsx'
import styles from './deploy-dialog.module.css'

interface DeployDialogProps {
  readonly app: string
  readonly open: boolean
  readonly onClose: () => void
  /** Without a tag: what the policy chooses. */
  readonly onDeploy: (tag: string | undefined) => void
}

const shown = 100

/** Which tag to deploy: the newest first, each with what the policy says to it. */
export function DeployDialog({ app, open, onClose, onDeploy }: DeployDialogProps) {
  return (
    <Dialog open={open} onClose={onClose} title={`Deploy a tag of ${app}`}>
      {open && <Tags app={app} onClose={onClose} onDeploy={onDeploy} />}
    </Dialog>
  )
}

function Tags({ app, onClose, onDeploy }: Omit<DeployDialogProps, 'open'>) {
  const [text, setText] = useState('')
  const { data, error } = useQuery({
    queryKey: [...keys.about(app), 'tags'],
    queryFn: ({ signal }) => api().listTags({ params: { app }, signal }),
    staleTime: 0,
  })
  if (error) return <Failed error={error} />
  if (!data) return <Loading />
  const found = data.items.filter(({ name }) => name.toLowerCase().includes(text.trim().toLowerCase()))
  const choose = (tag: string | undefined) => {
    onClose()
    onDeploy(tag)
  }
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    const [first] = found
    if (first && text !== '') choose(first.name)
  }
  return (
    <form onSubmit={submit} className={styles.form}>
      <Field
        label="Tag"
        quiet
        placeholder="Filter tags"
        value={text}
        autoFocus
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <ul className={styles.list}>
        {found.slice(0, shown).map(({ name, commit, verdict, why }) => (
          <li key={name} className={styles.tag}>
            <span className={styles.name}>{name}</span>
            <Sha commit={commit} />
            <span className={styles.verdict} title={why}>
              {verdict}
            </span>
            <Button small type="button" aria-label={`Deploy ${name}`} onClick={() => choose(name)}>
              Deploy
            </Button>
          </li>
        ))}
      </ul>
      {found.length === 0 && <p>No tag is called that. Tags appear here once they are pushed.</p>}
      {found.length > shown && <p>{found.length - shown} more: filter to find them.</p>}
    </form>
  )
}
