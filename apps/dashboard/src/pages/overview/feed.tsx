import type { ListedDeploymentJson } from '@tagship/api'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { recentQuery } from '../../data/overview.ts'
import { stateName, toneOf } from '../../data/states.ts'
import { classNames } from '../../parts/class-names.ts'
import { Panel } from '../../parts/panel.tsx'
import { Age } from '../../parts/values.tsx'
import styles from './feed.module.css'

/** What happened, over all apps: an entry a deployment, with what became of it. */
export function Feed() {
  const { data = [] } = useQuery(recentQuery)
  return (
    <Panel title="Recently" flush>
      {data.length === 0 && <p className={styles.none}>Deployments of all apps stand here.</p>}
      <ol className={styles.list} aria-label="Recent deployments">
        {data.map((deployment) => (
          <Entry key={deployment.id} deployment={deployment} />
        ))}
      </ol>
    </Panel>
  )
}

function Entry({ deployment }: { readonly deployment: ListedDeploymentJson }) {
  const { app, id, release, tag, state, trigger, actor, createdAt, finishedAt } = deployment
  return (
    <li className={classNames(styles.entry, styles[toneOf(state)])} title={`${trigger}, by ${actor}`}>
      <span className={styles.text}>
        <Link to="/apps/$app" params={{ app }} className={styles.app}>
          {app}
        </Link>{' '}
        <Link to="/apps/$app/deployments/$id" params={{ app, id }}>
          {tag ?? release}
        </Link>{' '}
        {stateName(state)}
      </span>
      <span className={styles.age}>
        <Age at={finishedAt ?? createdAt} />
      </span>
    </li>
  )
}
