/** Single values, each shown in one way everywhere. */
import { useNow } from '../data/clock.ts'
import { formatAge, formatBytes, formatMoment, formatMs, shortSha } from '../data/format.ts'
import { classNames } from './class-names.ts'
import styles from './values.module.css'

/** How long ago; the moment itself on hover, in the reader's time zone. */
export function Age({ at, ago }: { readonly at: string; readonly ago?: boolean }) {
  const now = useNow()
  const date = new Date(at)
  const age = formatAge(date, now)
  return (
    <time dateTime={at} title={formatMoment(date)}>
      {age}
      {ago && /^\d+[smhd]$/.test(age) ? ' ago' : ''}
    </time>
  )
}

/** From one moment to another, or until now. */
export function Duration({ from, to }: { readonly from: string; readonly to?: string | null }) {
  return to ? formatMs(Date.parse(to) - Date.parse(from)) : <Elapsed from={from} />
}

function Elapsed({ from }: { readonly from: string }) {
  const now = useNow()
  return formatMs(Math.max(0, Math.floor((now - Date.parse(from)) / 1_000) * 1_000))
}

export function Sha({ commit }: { readonly commit: string }) {
  return (
    <code className={styles.sha} title={commit}>
      {shortSha(commit)}
    </code>
  )
}

/** What was deployed: the tag, or the commit where it was deployed without one. */
export function TagName({ tag, commit }: { readonly tag: string | null; readonly commit: string }) {
  return tag === null ? <Sha commit={commit} /> : <span className={styles.tag}>{tag}</span>
}

export function Bytes({ bytes }: { readonly bytes: number | null }) {
  return bytes === null ? <Nothing /> : formatBytes(bytes)
}

/** Where there is no value. */
export function Nothing() {
  return <span className={styles.nothing}>–</span>
}

/** A key on the keyboard. */
export function Key({ children, className }: { readonly children: string; readonly className?: string }) {
  return <kbd className={classNames(styles.key, className)}>{children}</kbd>
}
