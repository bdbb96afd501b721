import type { AppJson, SlotRateJson } from '@tagship/api'
import { Link } from '@tanstack/react-router'
import type { CSSProperties } from 'react'
import { formatRate } from '../../data/format.ts'
import { stateMeaning, stateName } from '../../data/states.ts'
import { useRates } from '../../data/traffic.ts'
import { LiveBadge, SlotBadge } from '../../parts/badge.tsx'
import { classNames } from '../../parts/class-names.ts'
import { PhaseBar } from '../../parts/phase-bar.tsx'
import { Duration } from '../../parts/values.tsx'
import { type SlotView, slotViews } from './slots.ts'
import styles from './swap-picture.module.css'

/** The router, the two slots, and which of them users reach: what a swap moves. */
export function SwapPicture({ app }: { readonly app: AppJson }) {
  const views = slotViews(app)
  const rates = useRates(app.name)
  return (
    <section className={styles.picture} aria-label="Router and slots">
      <div className={styles.router}>
        <span className={styles.kind}>router</span>
        <span className={styles.where}>{app.hosts[0] ?? app.name}</span>
      </div>
      <Wires views={views} rates={rates} />
      <div className={styles.slots}>
        {views.map((view) => (
          <SlotBox
            key={view.slot}
            view={view}
            app={app}
            rate={rates.find(({ slot }) => slot === view.slot)}
          />
        ))}
      </div>
    </section>
  )
}

/** From the router to both slots; what carries requests is drawn in its slot’s colour, and moves. */
function Wires({
  views,
  rates,
}: {
  readonly views: readonly SlotView[]
  readonly rates: readonly SlotRateJson[]
}) {
  return (
    <svg className={styles.wires} viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
      {views.map(({ slot, live }, index) => {
        const end = index === 0 ? 25 : 75
        const busy = rates.find((rate) => rate.slot === slot)?.requestsPerSecond ?? 0
        const way = `M0 50 C50 50 50 ${end} 100 ${end}`
        return (
          <g key={slot} className={classNames(styles.wire, styles[slot], live && styles.carries)}>
            <path d={way} vectorEffect="non-scaling-stroke" />
            <path d={way} vectorEffect="non-scaling-stroke" className={styles.flow} style={paceOf(busy)} />
          </g>
        )
      })}
    </svg>
  )
}

/** The busier a slot, the quicker what is drawn to move there: from 1.6 s a dash down to 0.2 s. */
function paceOf(requestsPerSecond: number): CSSProperties {
  const seconds = 1.6 / (1 + Math.log10(1 + requestsPerSecond) * 2.4)
  return { '--pace': `${seconds.toFixed(2)}s` } as CSSProperties
}

function SlotBox({
  view,
  app,
  rate,
}: {
  readonly view: SlotView
  readonly app: AppJson
  readonly rate: SlotRateJson | undefined
}) {
  const { slot, live, warm, state, release, tag, deployment } = view
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
      {deployment && rate && <Rate rate={rate} />}
      {warm && <p className={styles.quiet}>warm: runs on for a while, so that a rollback takes no time</p>}
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

/** What goes there at this moment. */
function Rate({ rate }: { readonly rate: SlotRateJson }) {
  const { requestsPerSecond, errorsPerSecond, responseMs, up, targets, inFlight } = rate
  return (
    <dl className={styles.rate} aria-label={`traffic on ${rate.slot}`}>
      <div>
        <dt>requests/s</dt>
        <dd>{formatRate(requestsPerSecond)}</dd>
      </div>
      <div className={classNames(errorsPerSecond > 0 && styles.bad)}>
        <dt>errors/s</dt>
        <dd>{formatRate(errorsPerSecond)}</dd>
      </div>
      <div>
        <dt>answer</dt>
        <dd>{responseMs === null ? '–' : `${Math.round(responseMs)} ms`}</dd>
      </div>
      <div>
        <dt>in flight</dt>
        <dd>{inFlight}</dd>
      </div>
      <div className={classNames(up < targets && styles.bad)}>
        <dt>instances</dt>
        <dd className={styles.instances}>
          <Instances up={up} targets={targets} />
          {up} of {targets}
        </dd>
      </div>
    </dl>
  )
}

/** One mark each, as far as they can be told apart. */
const mostMarks = 24

function Instances({ up, targets }: Pick<SlotRateJson, 'up' | 'targets'>) {
  if (targets > mostMarks) return null
  return (
    <span className={styles.marks} aria-hidden="true">
      {Array.from({ length: targets }, (_, index) => (
        <i key={index} className={classNames(index >= up && styles.down)} />
      ))}
    </span>
  )
}
