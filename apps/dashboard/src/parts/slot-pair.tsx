import type { AppJson } from '@tagship/api'
import { classNames } from './class-names.ts'
import styles from './slot-pair.module.css'

/** Both slots side by side: the live one filled, the other outlined, or filling while a deployment is in it. */
export function SlotPair({ app: { live, active } }: { readonly app: Pick<AppJson, 'live' | 'active'> }) {
  return (
    <div className={styles.pair}>
      {(['blue', 'green'] as const).map((slot) => {
        const isLive = live?.slot === slot
        const comes = !isLive && active?.slot === slot
        const holds = isLive ? live.release : comes ? active.release : null
        return (
          <div
            key={slot}
            className={classNames(styles.slot, styles[slot], isLive && styles.live, comes && styles.comes)}
          >
            <span className={styles.name}>{slot}</span>
            <span>{holds ?? '–'}</span>
            {isLive && <span className={styles.word}>live</span>}
          </div>
        )
      })}
    </div>
  )
}
