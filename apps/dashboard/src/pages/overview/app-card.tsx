import type { AppJson } from '@tagship/api'
import { Link } from '@tanstack/react-router'
import { memo } from 'react'
import type { Glance } from '../../data/overview.ts'
import { stateName } from '../../data/states.ts'
import { Badge } from '../../parts/badge.tsx'
import { PhaseBar } from '../../parts/phase-bar.tsx'
import { SlotPair } from '../../parts/slot-pair.tsx'
import { Age, Duration, Sha, TagName } from '../../parts/values.tsx'
import styles from './app-card.module.css'
import { AppGlance } from './app-glance.tsx'

interface AppCardProps {
  readonly app: AppJson
  /** Undefined while it is asked for. */
  readonly glance: Glance | undefined
}

/** One app at a glance: what is live and where, what is under way, how it is, what needs somebody. */
export const AppCard = memo(function AppCard({ app, glance }: AppCardProps) {
  const { name, live, active, hold, trouble } = app
  return (
    <li className={styles.card}>
      <div className={styles.head}>
        <Link to="/apps/$app" params={{ app: name }} className={styles.name}>
          {name}
        </Link>
        {trouble && (
          <Badge tone="bad" title={trouble.message}>
            trouble
          </Badge>
        )}
        {hold && (
          <Badge tone="wait" title={hold.reason ?? undefined}>
            on hold
          </Badge>
        )}
      </div>
      <SlotPair app={app} />
      {active ? (
        <div className={styles.under}>
          <PhaseBar deployment={active} />
          <p className={styles.line}>
            <span>
              {active.release} {stateName(active.state)}
            </span>
            <span>
              <Duration from={active.createdAt} />
            </span>
          </p>
        </div>
      ) : (
        <p className={styles.line}>
          {live ? (
            <>
              <span className={styles.what}>
                {live.release} <TagName tag={live.tag} commit={live.commit} />{' '}
                {live.tag && <Sha commit={live.commit} />}
              </span>
              {live.since && <Age at={live.since} />}
            </>
          ) : (
            <span>Nothing is live yet</span>
          )}
        </p>
      )}
      {glance && <AppGlance glance={glance} />}
    </li>
  )
})
