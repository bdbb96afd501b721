import type { AppJson } from '@tagship/api'
import { Link } from '@tanstack/react-router'
import { useCancel, usePromote, useResume } from '../../data/commands.ts'
import { useMay } from '../../data/session.ts'
import { Button } from '../../parts/button.tsx'
import { Notice } from '../../parts/notice.tsx'
import { Age } from '../../parts/values.tsx'

/** What somebody has to know or to decide about the app. */
export function AppNotices({ app }: { readonly app: AppJson }) {
  const { trouble, hold, active, poll, configNotLive, name } = app
  const mayDecide = useMay('deployer', name)
  return (
    <>
      {trouble && (
        <Notice tone="bad">
          What should serve is not all there: {trouble.message}. It is tried again.{' '}
          <Link to="/apps/$app/deployments/$id" params={{ app: name, id: trouble.deployment }}>
            <u>See the last attempt</u>
          </Link>
        </Notice>
      )}
      {active?.state === 'awaitingPromotion' && (
        <Waiting id={active.id} release={active.release} mayDecide={mayDecide} />
      )}
      {hold && <Held app={name} hold={hold} mayDecide={mayDecide} />}
      {poll?.error && <Notice tone="bad">The repository’s tags cannot be read: {poll.error}</Notice>}
      {configNotLive.length > 0 && (
        <Notice tone="neutral">
          Set, but not what runs: {configNotLive.join(', ')}. The next deployment takes it.
        </Notice>
      )}
    </>
  )
}

interface WaitingProps {
  readonly id: string
  readonly release: string
  readonly mayDecide: boolean
}

function Waiting({ id, release, mayDecide }: WaitingProps) {
  const promote = usePromote(id)
  const cancel = useCancel(id)
  const busy = promote.isPending || cancel.isPending
  return (
    <Notice
      tone="wait"
      action={
        mayDecide && (
          <>
            <Button disabled={busy} onClick={() => cancel.mutate()}>
              Cancel
            </Button>
            <Button look="strong" disabled={busy} onClick={() => promote.mutate()}>
              Promote {release}
            </Button>
          </>
        )
      }
    >
      {release} is healthy and waits for somebody to promote it.
    </Notice>
  )
}

interface HeldProps {
  readonly app: string
  readonly hold: NonNullable<AppJson['hold']>
  readonly mayDecide: boolean
}

function Held({ app, hold, mayDecide }: HeldProps) {
  const resume = useResume(app)
  return (
    <Notice
      tone="wait"
      action={
        mayDecide && (
          <Button disabled={resume.isPending} onClick={() => resume.mutate()}>
            Resume
          </Button>
        )
      }
    >
      On hold by {hold.by}, <Age at={hold.at} ago />
      {hold.reason ? `: ${hold.reason}` : ''}. New tags are seen, and not deployed.
    </Notice>
  )
}
