import { useQuery, useQueryClient } from '@tanstack/react-query'
import { sessionsQuery } from '../../data/access.ts'
import { useCommand } from '../../data/commands.ts'
import { api } from '../../data/session.ts'
import { Badge } from '../../parts/badge.tsx'
import { Button } from '../../parts/button.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Failed, Loading } from '../../parts/states.tsx'
import { Age } from '../../parts/values.tsx'
import styles from './account.module.css'
import { browserOf } from './browser-of.ts'

/** Where one is signed in. */
export function Sessions() {
  const queryClient = useQueryClient()
  const renew = () => queryClient.invalidateQueries({ queryKey: sessionsQuery.queryKey })
  const { data: sessions, error } = useQuery(sessionsQuery)
  const end = useCommand({ run: (session: string) => api().endSession({ params: { session } }).then(renew) })
  const endOthers = useCommand({
    run: () => api().endOtherSessions().then(renew),
    done: () => ({ title: 'You are signed in here only' }),
  })
  if (error) return <Failed error={error} />
  return (
    <Panel
      title="Sessions"
      aside={
        sessions &&
        sessions.length > 1 && (
          <Button small disabled={endOthers.isPending} onClick={() => endOthers.mutate(undefined)}>
            End all others
          </Button>
        )
      }
    >
      {!sessions && <Loading lines={2} />}
      <ul className={styles.list}>
        {sessions?.map(({ id, current, agent, address, lastSeenAt }) => (
          <li key={id}>
            <span className={styles.what}>
              {browserOf(agent)} {current && <Badge>this one</Badge>}
              <small title={agent ?? undefined}>
                {address ?? 'unknown address'}, seen <Age at={lastSeenAt} ago />
              </small>
            </span>
            {!current && (
              <Button small disabled={end.isPending} onClick={() => end.mutate(id)}>
                End
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Panel>
  )
}
