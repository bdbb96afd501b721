import { useQuery, useQueryClient } from '@tanstack/react-query'
import RefreshCw from 'lucide-react/icons/refresh-cw'
import { useShortcuts } from '../../data/shortcuts.ts'
import { doctorQuery, systemQuery } from '../../data/system.ts'
import { Button } from '../../parts/button.tsx'
import { Page } from '../../parts/page.tsx'
import { Failed, Loading } from '../../parts/states.tsx'
import { Age } from '../../parts/values.tsx'
import { Certificates } from './certificates.tsx'
import { Controllers } from './controllers.tsx'
import { Doctor } from './doctor.tsx'
import { Machine } from './machine.tsx'
import styles from './page.module.css'
import { Parts } from './parts.tsx'
import { Queues } from './queues.tsx'
import { Router } from './router.tsx'

/** The control plane itself: what it consists of, and how it is. */
export function SystemPage() {
  const queryClient = useQueryClient()
  const { data: system, error, isFetching, dataUpdatedAt, refetch } = useQuery(systemQuery)
  const lookAgain = () => {
    void queryClient.invalidateQueries({ queryKey: systemQuery.queryKey })
    void queryClient.invalidateQueries({ queryKey: doctorQuery.queryKey })
  }
  useShortcuts([{ keys: 'l', does: 'Look at the system again', run: lookAgain }])
  if (error && !system) return <Failed error={error} again={() => void refetch()} />
  if (!system) return <Loading lines={10} />
  return (
    <Page
      name="System"
      aside={
        <>
          <span className={styles.seen}>
            Seen <Age at={new Date(dataUpdatedAt).toISOString()} ago />
          </span>
          <Button disabled={isFetching} onClick={lookAgain}>
            <RefreshCw aria-hidden="true" />
            Look again
          </Button>
        </>
      }
    >
      <Parts ready={system.ready} />
      <div className={styles.columns}>
        <Queues queues={system.queues} />
        <Controllers controllers={system.controllers} />
        <Router router={system.router} />
        <Certificates certificates={system.certificates} />
        <Machine system={system} />
      </div>
      <Doctor />
    </Page>
  )
}
