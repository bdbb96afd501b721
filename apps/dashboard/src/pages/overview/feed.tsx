import type { EventMessage } from '@tagship/api'
import { Link } from '@tanstack/react-router'
import { recentEvents } from '../../data/live.ts'
import { stateName, toneOf } from '../../data/states.ts'
import { useStore } from '../../data/store.ts'
import { classNames } from '../../parts/class-names.ts'
import { Panel } from '../../parts/panel.tsx'
import { Age } from '../../parts/values.tsx'
import styles from './feed.module.css'

const shown = 40

/** What happens, as it happens. */
export function Feed() {
  const events = useStore(recentEvents)
  return (
    <Panel title="Events" flush>
      {events.length === 0 && <p className={styles.none}>What happens from now on stands here.</p>}
      <ol className={styles.list}>
        {events.slice(0, shown).map((message) => (
          <Entry key={message.event.id} message={message} />
        ))}
      </ol>
    </Panel>
  )
}

function Entry({ message: { event, deployment } }: { readonly message: EventMessage }) {
  const what = event.to ? stateName(event.to) : event.type
  return (
    <li className={classNames(styles.entry, event.to && styles[toneOf(event.to)])}>
      <span className={styles.text}>
        <Link to="/apps/$app" params={{ app: event.app }} className={styles.app}>
          {event.app}
        </Link>{' '}
        {deployment && (
          <Link to="/apps/$app/deployments/$id" params={{ app: event.app, id: deployment.id }}>
            {deployment.release}
          </Link>
        )}{' '}
        {what}
      </span>
      <span className={styles.age}>
        <Age at={event.at} />
      </span>
    </li>
  )
}
