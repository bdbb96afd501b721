import type { SystemJson } from '@tagship/api'
import { formatMs } from '../../data/format.ts'
import { Fact, Facts } from '../../parts/facts.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Empty } from '../../parts/states.tsx'
import styles from './router.module.css'

/** What stands between users and the slots. */
export function Router({ router: { container, problem, running } }: Pick<SystemJson, 'router'>) {
  return (
    <Panel title="Router">
      {problem && (
        <p className={styles.problem} role="alert">
          {problem}
        </p>
      )}
      {running === null && !problem && <Empty title="The router does not answer">Run tagship doctor.</Empty>}
      {running && (
        <Facts>
          <Fact name="HAProxy">{running.version}</Fact>
          <Fact name="Runs for">{formatMs(running.uptimeSeconds * 1_000)}</Fact>
          <Fact name="Connections">
            {running.connections.toLocaleString()} of {running.maxConnections.toLocaleString()}
          </Fact>
          <Fact name="Requests">{running.requests.toLocaleString()}</Fact>
          <Fact name="Routes">
            {running.asConfigured ? 'as they should be' : 'not yet as they should be'}
          </Fact>
          <Fact name="Container">{container}</Fact>
        </Facts>
      )}
    </Panel>
  )
}
