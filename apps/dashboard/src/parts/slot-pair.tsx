import type { AppJson } from '@tagship/api'
import { classNames } from './class-names.ts'
import styles from './slot-pair.module.css'

interface SlotPairProps {
  readonly app: Pick<AppJson, 'live' | 'warm' | 'active'>
}

/** Both slots side by side: the live one filled, the other outlined, or filling while a deployment is in it. */
export function SlotPair({ app: { live, warm, active } }: SlotPairProps) {
  return (
    <div className={styles.pair}>
      {(['blue', 'green'] as const).map((slot) => {
        const isLive = live?.slot === slot
        const comes = !isLive && active?.slot === slot
        const isWarm = !isLive && !comes && warm?.slot === slot
        const holds = isLive ? live.release : comes ? active.release : isWarm ? warm.release : null
        return (
          <div
            key={slot}
            className={classNames(styles.slot, styles[slot], isLive && styles.live, comes && styles.comes)}
          >
            <span className={styles.name}>{slot}</span>
            <span>{holds ?? '–'}</span>
            {(isLive || isWarm) && <span className={styles.word}>{isLive ? 'live' : 'warm'}</span>}
          </div>
        )
      })}
    </div>
  )
}
