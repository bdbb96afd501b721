import { connection } from '../data/live.ts'
import { useStore } from '../data/store.ts'
import { classNames } from '../parts/class-names.ts'
import styles from './connection-state.module.css'

const words = {
  connecting: ['Connecting', 'The stream of events is being opened.'],
  open: ['Live', 'What you see changes as it happens.'],
  broken: ['Connection lost', 'It is tried again until it is back; what you see may be old. Apps serve on.'],
} as const

export function ConnectionState() {
  const state = useStore(connection)
  const [word, meaning] = words[state]
  return (
    <span className={classNames(styles.state, styles[state])} role="status" title={meaning}>
      <i aria-hidden="true" />
      {word}
    </span>
  )
}
