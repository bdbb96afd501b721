import type { LogLineJson } from '@tagship/api'
import { useVirtualizer } from '@tanstack/react-virtual'
import ArrowDown from 'lucide-react/icons/arrow-down'
import { useLayoutEffect, useRef, useState } from 'react'
import { formatClock, formatMoment } from '../../../data/format.ts'
import { Button } from '../../../parts/button.tsx'
import { AnsiText } from './ansi-text.tsx'
import styles from './logs.module.css'

interface LogLinesProps {
  readonly lines: readonly LogLineJson[]
  readonly prepended: number
  readonly find: string
  /** Instances of several processes write into one log: then each line says whose it is. */
  readonly withProcess: boolean
  readonly onTop: () => void
}

const lineHeight = 19
/** Nearer to the end than this counts as being there. */
const atEnd = 40

/** Only the lines in sight are there. At the end it stays at the end, until somebody scrolls up. */
export function LogLines({ lines, prepended, find, withProcess, onTop }: LogLinesProps) {
  const box = useRef<HTMLElement>(null)
  const [follows, setFollows] = useState(true)
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => box.current,
    estimateSize: () => lineHeight,
    overscan: 20,
  })
  useLayoutEffect(() => {
    if (follows && box.current) box.current.scrollTop = lines.length * lineHeight
  }, [follows, lines.length])
  useKeepPlace(box, prepended)

  const onScroll = () => {
    const element = box.current
    if (!element) return
    const { scrollTop, scrollHeight, clientHeight } = element
    setFollows(scrollHeight - scrollTop - clientHeight < atEnd)
    if (scrollTop < 10 * lineHeight) onTop()
  }
  return (
    <div className={styles.frame}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard */}
      <section ref={box} className={styles.box} onScroll={onScroll} tabIndex={0} aria-label="Log">
        <div className={styles.lines} style={{ height: virtual.getTotalSize() + 16 }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const line = lines[index]
            return (
              line && (
                <div key={index} className={styles.line} style={{ transform: `translateY(${start + 8}px)` }}>
                  <time dateTime={line.at} title={formatMoment(new Date(line.at))}>
                    {formatClock(new Date(line.at))}
                  </time>
                  {withProcess && <span className={styles.process}>{line.process}</span>}
                  <span>
                    <AnsiText text={line.text} find={find} />
                  </span>
                </div>
              )
            )
          })}
        </div>
      </section>
      {!follows && (
        <Button small className={styles.end} onClick={() => setFollows(true)}>
          <ArrowDown aria-hidden="true" />
          To the end
        </Button>
      )}
    </div>
  )
}

/** Older lines come in above what is read. */
function useKeepPlace(box: { readonly current: HTMLElement | null }, prepended: number): void {
  const before = useRef(prepended)
  useLayoutEffect(() => {
    const added = prepended - before.current
    before.current = prepended
    if (added > 0 && box.current) box.current.scrollTop += added * lineHeight
  }, [box, prepended])
}
