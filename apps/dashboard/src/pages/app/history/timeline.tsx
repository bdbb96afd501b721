import type { ListedDeploymentJson } from '@tagship/api'
import { Link } from '@tanstack/react-router'
import { useNow } from '../../../data/clock.ts'
import { formatMoment, formatMs } from '../../../data/format.ts'
import { stateName } from '../../../data/states.ts'
import { classNames } from '../../../parts/class-names.ts'
import { Panel } from '../../../parts/panel.tsx'
import { type Span, timelineOf } from './spans.ts'
import styles from './timeline.module.css'

interface TimelineProps {
  readonly app: string
  readonly rows: readonly ListedDeploymentJson[]
}

/** Which release served from which slot, and when: a swap is where one colour ends and the other begins. */
export function Timeline({ app, rows }: TimelineProps) {
  const now = useNow()
  const { from, spans, failures } = timelineOf(rows, now)
  if (spans.length === 0) return null
  const share = (ms: number) => `${((ms - from) / (now - from)) * 100}%`
  return (
    <Panel title="Served" aside={<span>last {formatMs(now - from)}</span>}>
      <div className={styles.lanes}>
        {(['blue', 'green'] as const).map((slot) => (
          <div key={slot} className={styles.lane}>
            <span className={styles.name}>{slot}</span>
            <div className={styles.track}>
              {spans
                .filter((span) => span.row.slot === slot)
                .map((span) => (
                  <SpanLink
                    key={span.row.id}
                    app={app}
                    span={span}
                    left={share(span.from)}
                    right={share(span.to)}
                  />
                ))}
            </div>
          </div>
        ))}
        {failures.length > 0 && (
          <div className={styles.lane}>
            <span className={styles.name}>not served</span>
            <div className={classNames(styles.track, styles.failures)}>
              {failures.map((row) => (
                <Link
                  key={row.id}
                  to="/apps/$app/deployments/$id"
                  params={{ app, id: row.id }}
                  className={styles.failure}
                  style={{ left: share(Date.parse(row.createdAt)) }}
                  title={`${row.release} ${stateName(row.state)}, ${formatMoment(new Date(row.createdAt))}`}
                  aria-label={`${row.release} ${stateName(row.state)}`}
                />
              ))}
            </div>
          </div>
        )}
      </div>
    </Panel>
  )
}

interface SpanLinkProps {
  readonly app: string
  readonly span: Span
  readonly left: string
  readonly right: string
}

function SpanLink({ app, span: { row, from, to }, left, right }: SpanLinkProps) {
  const title = `${row.release}${row.tag ? ` ${row.tag}` : ''} served ${formatMs(to - from)} from ${formatMoment(new Date(from))}`
  return (
    <Link
      to="/apps/$app/deployments/$id"
      params={{ app, id: row.id }}
      className={classNames(
        styles.span,
        row.slot && styles[row.slot],
        row.serving && styles.now,
        row.state === 'rolledBack' && styles.back,
      )}
      style={{ left, width: `calc(${right} - ${left})` }}
      title={title}
      aria-label={title}
    >
      {row.release}
    </Link>
  )
}
