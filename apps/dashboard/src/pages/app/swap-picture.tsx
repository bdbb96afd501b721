import type { AppJson } from '@tagship/api'
import { Link } from '@tanstack/react-router'
import { stateMeaning, stateName } from '../../data/states.ts'
import { LiveBadge, SlotBadge } from '../../parts/badge.tsx'
import { classNames } from '../../parts/class-names.ts'
import { PhaseBar } from '../../parts/phase-bar.tsx'
import { Duration } from '../../parts/values.tsx'
import { type SlotView, slotViews } from './slots.ts'
import styles from './swap-picture.module.css'

/** The router, the two slots, and which of them users reach: what a swap moves. */
export function SwapPicture({ app }: { readonly app: AppJson }) {
  const views = slotViews(app)
  return (
    <section className={styles.picture} aria-label="Router and slots">
      <div className={styles.router}>
        <span className={styles.kind}>router</span>
        <span className={styles.where}>{app.hosts[0] ?? app.name}</span>
      </div>
      <Wires views={views} />
      <div className={styles.slots}>
        {views.map((view) => (
          <SlotBox key={view.slot} view={view} app={app} />
        ))}
      </div>
    </section>
  )
}

/** From the router to both slots; what carries requests is drawn in its slot’s colour, and moves. */
function Wires({ views }: { readonly views: readonly SlotView[] }) {
  return (
    <svg className={styles.wires} viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
      {views.map(({ slot, live }, index) => {
        const end = index === 0 ? 25 : 75
        const way = `M0 50 C50 50 50 ${end} 100 ${end}`
        return (
          <g key={slot} className={classNames(styles.wire, styles[slot], live && styles.carries)}>
            <path d={way} vectorEffect="non-scaling-stroke" />
            <path d={way} vectorEffect="non-scaling-stroke" className={styles.flow} />
          </g>
        )
      })}
    </svg>
  )
}

function SlotBox({ view, app }: { readonly view: SlotView; readonly app: AppJson }) {
  const { slot, live, state, release, tag, deployment } = view
  return (
    <article
      className={classNames(styles.slot, styles[slot], live && styles.live, state && !live && styles.comes)}
    >
      <header className={styles.head}>
        <SlotBadge slot={slot} live={live} />
        {live && <LiveBadge slot={slot} />}
        {deployment && (
          <Link
            to="/apps/$app/deployments/$id"
            params={{ app: app.name, id: deployment }}
            className={styles.release}
          >
            {release}
            {tag && <span className={styles.tag}>{tag}</span>}
          </Link>
        )}
      </header>
      {!deployment && <p className={styles.quiet}>empty: the next release boots here</p>}
      {state && app.active && (
        <div className={styles.under}>
          <PhaseBar deployment={app.active} />
          <p>
            <span>
              <b>{stateName(state)}</b> {stateMeaning(state)}
            </span>
            <Duration from={app.active.createdAt} />
          </p>
        </div>
      )}
    </article>
  )
}
