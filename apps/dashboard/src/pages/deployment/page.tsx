import type { ListedDeploymentJson } from '@tagship/api'
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { deploymentQuery } from '../../data/queries.ts'
import { LiveBadge, SlotBadge, StateBadge } from '../../parts/badge.tsx'
import { Notice } from '../../parts/notice.tsx'
import { Page } from '../../parts/page.tsx'
import { Failed, Loading } from '../../parts/states.tsx'
import { Changes } from './changes.tsx'
import { DeploymentActions } from './deployment-actions.tsx'
import { Events } from './events.tsx'
import { Facts } from './facts.tsx'
import { Health } from './health.tsx'
import { Logs } from './logs/logs.tsx'
import styles from './page.module.css'
import { Phases } from './phases.tsx'

/** One attempt to make a release live: its phases, its logs, who did what. */
export function DeploymentPage() {
  const { app, id } = useParams({ from: '/apps/$app/deployments/$id' })
  const { data, error, refetch } = useQuery(deploymentQuery(id))
  if (error && !data) return <Failed error={error} again={() => void refetch()} />
  if (!data) return <Loading lines={8} />
  return (
    <Page
      name={`${app} ${data.release}`}
      title={<Title deployment={data} />}
      aside={<DeploymentActions deployment={data} />}
    >
      {data.failure && (
        <Notice tone="bad">
          <b>{data.failure.code}</b> while {data.failure.phase}
          <pre className={styles.failure}>{data.failure.message}</pre>
        </Notice>
      )}
      <Facts deployment={data} />
      <Phases deployment={data} />
      <Health deployment={data} />
      <Changes deployment={data} />
      <Logs deployment={data} key={id} />
      <Events deployment={data} />
    </Page>
  )
}

function Title({
  deployment: { app, release, serving, slot, state, tag },
}: {
  deployment: ListedDeploymentJson
}) {
  return (
    <span className={styles.title}>
      <Link to="/apps/$app" params={{ app }} className={styles.app}>
        {app}
      </Link>
      <span>{release}</span>
      {tag && <span className={styles.tag}>{tag}</span>}
      <span className={styles.badges}>
        {serving && <LiveBadge slot={slot} />}
        {slot && <SlotBadge slot={slot} live={serving} />}
        <StateBadge state={state} />
      </span>
    </span>
  )
}
